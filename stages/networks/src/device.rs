//! Backends by name: the one file that names them.

use burn::tensor::Device;
#[cfg(any(feature = "cuda", feature = "vulkan"))]
use burn::tensor::DeviceType;

/// A backend that this crate can be compiled with. The one list of backends there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendName {
    /// Pure Rust on the CPU.
    Flex,
    /// LibTorch on the CPU (feature `tch`).
    Libtorch,
    /// NVIDIA through CubeCL (feature `cuda`).
    Cuda,
    /// Any Vulkan GPU through CubeCL (feature `vulkan`).
    Vulkan,
}

/// A backend and whether this binary could use it here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendStatus {
    /// Which backend.
    pub name: BackendName,
    /// The feature that compiles it in, if it is not always there.
    pub feature: Option<&'static str>,
    /// Devices found; `None` if the backend is not compiled in.
    pub devices: Option<usize>,
}

/// A device that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// No backend has that name.
    #[error("unknown device `{name}`; known are auto, flex, libtorch, cuda, vulkan")]
    Unknown {
        /// The name.
        name: String,
    },
    /// The backend is not in this binary.
    #[error("device `{name}` is not compiled in; build with `--features {feature}`")]
    NotCompiled {
        /// The name.
        name: String,
        /// The feature to build with.
        feature: &'static str,
    },
    /// The backend is compiled in but finds no device.
    #[error("device `{name}` is compiled in, but no such device was found on this machine")]
    NotFound {
        /// The name.
        name: String,
    },
}

#[cfg(not(all(feature = "tch", feature = "cuda", feature = "vulkan")))]
const NOT_COMPILED: &str = "only backends that are compiled in are asked for their device";

impl BackendName {
    /// All backends, best first: the order in which `auto` looks.
    pub const ALL: [BackendName; 4] =
        [BackendName::Cuda, BackendName::Vulkan, BackendName::Flex, BackendName::Libtorch];

    /// Returns the name a manifest or flag uses.
    pub const fn name(self) -> &'static str {
        match self {
            BackendName::Flex => "flex",
            BackendName::Libtorch => "libtorch",
            BackendName::Cuda => "cuda",
            BackendName::Vulkan => "vulkan",
        }
    }

    const fn feature(self) -> Option<&'static str> {
        match self {
            BackendName::Flex => None,
            BackendName::Libtorch => Some("tch"),
            BackendName::Cuda => Some("cuda"),
            BackendName::Vulkan => Some("vulkan"),
        }
    }

    const fn is_compiled(self) -> bool {
        match self {
            BackendName::Flex => true,
            BackendName::Libtorch => cfg!(feature = "tch"),
            BackendName::Cuda => cfg!(feature = "cuda"),
            BackendName::Vulkan => cfg!(feature = "vulkan"),
        }
    }

    fn status(self) -> BackendStatus {
        #[cfg_attr(
            not(any(feature = "cuda", feature = "vulkan")),
            expect(clippy::unnecessary_lazy_evaluations, reason = "with GPU features the arms look for devices")
        )]
        let devices = self.is_compiled().then(|| match self {
            BackendName::Flex | BackendName::Libtorch => 1,
            #[cfg(feature = "cuda")]
            BackendName::Cuda => usable(DeviceType::Cuda).len(),
            #[cfg(feature = "vulkan")]
            BackendName::Vulkan => usable(DeviceType::Vulkan).len(),
            #[cfg(not(feature = "cuda"))]
            BackendName::Cuda => 0,
            #[cfg(not(feature = "vulkan"))]
            BackendName::Vulkan => 0,
        });
        BackendStatus { name: self, feature: self.feature(), devices }
    }

    fn device(self) -> Device {
        match self {
            #[cfg(feature = "tch")]
            BackendName::Libtorch => Device::libtorch(),
            #[cfg(feature = "cuda")]
            BackendName::Cuda => Device::cuda(0),
            #[cfg(feature = "vulkan")]
            BackendName::Vulkan => Device::vulkan(burn::tensor::DeviceKind::DefaultDevice),
            BackendName::Flex => Device::flex(),
            #[cfg(not(feature = "tch"))]
            BackendName::Libtorch => unreachable!("{NOT_COMPILED}"),
            #[cfg(not(feature = "cuda"))]
            BackendName::Cuda => unreachable!("{NOT_COMPILED}"),
            #[cfg(not(feature = "vulkan"))]
            BackendName::Vulkan => unreachable!("{NOT_COMPILED}"),
        }
    }
}

/// Mesa's software rasterizer. It lacks VK_KHR_workgroup_memory_explicit_layout, without which cubecl-spirv 0.11.3
/// declares shared memory as a pointer to a pointer: no driver accepts that, and this one crashes on it.
#[cfg(any(feature = "cuda", feature = "vulkan"))]
const WITHOUT_SHARED_MEMORY: &str = "llvmpipe";

/// Returns the devices of a kind whose units can share memory, as kernels want.
#[cfg(any(feature = "cuda", feature = "vulkan"))]
pub(crate) fn usable(kind: DeviceType) -> Vec<Device> {
    let shares = |device: &Device| device.identity().is_none_or(|card| !card.name.contains(WITHOUT_SHARED_MEMORY));
    Device::enumerate(kind).into_vec().into_iter().filter(shares).collect()
}

/// Returns every backend with what was found of it.
pub fn backends() -> Vec<BackendStatus> {
    BackendName::ALL.into_iter().map(BackendName::status).collect()
}

/// Returns the backend of that name; `auto` takes a GPU if there is one and the pure-Rust CPU otherwise.
///
/// # Errors
/// If the name is unknown, not compiled in, or has no device here.
pub fn backend(name: &str) -> Result<BackendName, DeviceError> {
    if name == "auto" {
        let usable = backends().into_iter().find(|status| status.devices.is_some_and(|devices| devices > 0));
        return Ok(usable.map_or(BackendName::Flex, |status| status.name));
    }
    let owned = || name.to_owned();
    let backend = BackendName::ALL.into_iter().find(|backend| backend.name() == name);
    let status = backend.ok_or_else(|| DeviceError::Unknown { name: owned() })?.status();
    match (status.devices, status.feature) {
        (Some(0), _) => Err(DeviceError::NotFound { name: owned() }),
        (Some(_), _) | (None, None) => Ok(status.name),
        (None, Some(feature)) => Err(DeviceError::NotCompiled { name: owned(), feature }),
    }
}

/// Returns the device of that name, without gradients.
///
/// # Errors
/// As [`backend`].
pub fn device(name: &str) -> Result<Device, DeviceError> {
    Ok(backend(name)?.device())
}

/// Returns whether the tensors of a device without gradients are in the memory of the host.
pub(crate) fn is_host(device: &Device) -> bool {
    #[cfg(feature = "tch")]
    if *device == Device::libtorch() {
        return true;
    }
    *device == Device::flex()
}

/// Makes a backend burn's default, which some of its code uses whatever device a tensor is on.
///
/// # Safety
/// Call it first thing in `main`, before any thread exists: it changes the environment.
pub unsafe fn set_default(backend: BackendName) {
    let name = match backend {
        BackendName::Libtorch => "tch",
        BackendName::Flex | BackendName::Cuda | BackendName::Vulkan => backend.name(),
    };
    #[expect(clippy::disallowed_methods, reason = "burn reads its default device from the environment only")]
    // SAFETY: the caller promises that no other thread exists.
    unsafe {
        std::env::set_var("BURN_DEVICE", name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pure_rust_backend_is_always_there() {
        assert_eq!(backend("flex"), Ok(BackendName::Flex));
    }

    #[test]
    fn an_unknown_device_lists_the_known_ones() {
        let error = backend("tpu").unwrap_err().to_string();
        assert_eq!(error, "unknown device `tpu`; known are auto, flex, libtorch, cuda, vulkan");
    }
}
