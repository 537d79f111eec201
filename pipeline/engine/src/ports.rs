//! Ports: the named, typed inputs and outputs of a stage.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::path::Path;

use serde::Serialize;

use crate::artifact::{Artifact, ArtifactError, Format, Open, Publish};
use crate::digest::Digest;
use crate::folder::{Folder, FolderWriter};

/// How many artifacts an input port takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arity {
    /// Exactly one.
    One,
    /// None or one.
    Optional,
    /// Any number, also none.
    Many,
}

/// Whether a stage always makes an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// Every successful run makes it.
    Always,
    /// It depends on the params.
    Sometimes,
}

/// The declaration of an input port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InputPort {
    /// The name in a manifest.
    pub name: String,
    /// What it is for.
    pub doc: String,
    /// How many artifacts it takes.
    pub arity: Arity,
    /// What it takes; `None` takes any format.
    pub format: Option<Format>,
}

/// The declaration of an output port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutputPort {
    /// The name in a manifest.
    pub name: String,
    /// What it is for; the format's summary where the declaration says nothing.
    pub doc: String,
    /// Whether it is always made.
    pub presence: Presence,
    /// What it makes.
    pub format: Format,
    /// What the format holds, in one line.
    pub summary: String,
}

impl OutputPort {
    /// Returns the declaration of an output of type `A`.
    pub fn of<A: Artifact>(name: &str, doc: &str, presence: Presence) -> Self {
        Self {
            name: name.to_owned(),
            doc: doc.trim().to_owned(),
            presence,
            format: Format::of::<A>(),
            summary: A::SUMMARY.to_owned(),
        }
    }
}

/// All inputs of a stage; made by [`inputs!`](crate::inputs). `()` has none.
pub trait Inputs: Sized + Send {
    /// Returns the ports in the order of declaration.
    fn ports() -> Vec<InputPort>;

    /// Opens every port.
    ///
    /// # Errors
    /// When an artifact cannot be opened.
    fn open(folders: &InputFolders) -> Result<Self, ArtifactError>;
}

impl Inputs for () {
    fn ports() -> Vec<InputPort> {
        Vec::new()
    }

    fn open(_: &InputFolders) -> Result<Self, ArtifactError> {
        Ok(())
    }
}

/// All outputs of a stage; made by [`outputs!`](crate::outputs). `()` has none.
pub trait Outputs: Sized + Send {
    /// Returns the ports in the order of declaration.
    fn ports() -> Vec<OutputPort>;

    /// Writes every port.
    ///
    /// # Errors
    /// When an artifact cannot be written.
    fn publish(self, folders: &mut OutputFolders<'_>) -> Result<(), ArtifactError>;
}

impl Outputs for () {
    fn ports() -> Vec<OutputPort> {
        Vec::new()
    }

    fn publish(self, _: &mut OutputFolders<'_>) -> Result<(), ArtifactError> {
        Ok(())
    }
}

/// The folders bound to a step's input ports.
#[derive(Debug, Clone, Default)]
pub struct InputFolders {
    ports: BTreeMap<String, Vec<(String, Folder)>>,
}

impl InputFolders {
    /// Adds a folder to a port; `source` is where it comes from, such as `count.total`.
    pub fn add(&mut self, port: &str, source: &str, folder: Folder) {
        let entry = (source.to_owned(), folder);
        self.ports.entry(port.to_owned()).or_default().push(entry);
    }

    /// Returns the folders of a port with their sources, in the manifest's order.
    pub fn of(&self, port: &str) -> &[(String, Folder)] {
        self.ports.get(port).map_or(&[], Vec::as_slice)
    }
}

/// Receives a step's outputs, one folder per port.
pub struct OutputFolders<'a> {
    scratch: &'a Path,
    sealed: BTreeMap<String, Folder>,
}

impl<'a> OutputFolders<'a> {
    /// Collects outputs in the existing folder `scratch`.
    pub(crate) fn new(scratch: &'a Path) -> Self {
        Self { scratch, sealed: BTreeMap::new() }
    }

    /// Writes `artifact` as the output `port`.
    ///
    /// # Errors
    /// When the artifact cannot be written.
    pub fn publish<A: Publish>(&mut self, port: &str, artifact: A) -> Result<(), ArtifactError> {
        let mut writer = self.create(port, Format::of::<A>())?;
        artifact.publish(&mut writer)?;
        self.keep(port, writer)
    }

    pub(crate) fn create(&self, port: &str, format: Format) -> Result<FolderWriter, ArtifactError> {
        FolderWriter::create(self.scratch.join(port), format)
    }

    pub(crate) fn keep(&mut self, port: &str, writer: FolderWriter) -> Result<(), ArtifactError> {
        self.sealed.insert(port.to_owned(), writer.seal()?);
        Ok(())
    }

    /// Returns the folder that is removed after the step.
    pub(crate) fn scratch(&self) -> &Path {
        self.scratch
    }

    pub(crate) fn into_sealed(self) -> BTreeMap<String, Folder> {
        self.sealed
    }
}

impl fmt::Debug for OutputFolders<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutputFolders").finish_non_exhaustive()
    }
}

/// An input port that takes exactly one artifact.
#[derive(Debug, Clone)]
pub struct One<A> {
    value: A,
    digest: Digest,
}

impl<A> One<A> {
    /// Binds a value to the port; the engine does this, and tests of a stage.
    pub fn new(value: A, digest: Digest) -> Self {
        Self { value, digest }
    }

    /// Returns the digest of the artifact's content.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Returns the artifact.
    pub fn into_inner(self) -> A {
        self.value
    }
}

impl<A> Deref for One<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.value
    }
}

/// An input port that takes one artifact or none.
#[derive(Debug, Clone)]
pub struct Optional<A>(pub Option<One<A>>);

impl<A> Optional<A> {
    /// Returns the artifact, if the port is bound.
    pub fn get(&self) -> Option<&A> {
        self.0.as_deref()
    }
}

/// An input port that takes any number of artifacts.
#[derive(Debug, Clone)]
pub struct Many<A>(pub Vec<(String, One<A>)>);

impl<A> Many<A> {
    /// Visits every artifact with where it comes from, such as `count.total`, in the manifest's order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &One<A>)> {
        self.0.iter().map(|(source, one)| (source.as_str(), one))
    }

    /// Returns how many artifacts are bound.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether nothing is bound.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The type of a field in [`inputs!`](crate::inputs): [`One`], [`Optional`] or [`Many`].
pub trait InputSlot: Sized + Send {
    /// Returns the port's declaration.
    fn port(name: &str, doc: &str) -> InputPort;

    /// Opens what is bound to the port.
    ///
    /// # Errors
    /// When an artifact cannot be opened.
    fn open(name: &str, folders: &InputFolders) -> Result<Self, ArtifactError>;
}

fn declare<A: Artifact>(name: &str, doc: &str, arity: Arity) -> InputPort {
    InputPort { name: name.to_owned(), doc: doc.trim().to_owned(), arity, format: Some(Format::of::<A>()) }
}

fn open_one<A: Open>(folder: &Folder) -> Result<One<A>, ArtifactError> {
    folder.expect_format(&Format::of::<A>())?;
    Ok(One::new(A::open(folder)?, folder.digest()))
}

impl<A: Open> InputSlot for One<A> {
    fn port(name: &str, doc: &str) -> InputPort {
        declare::<A>(name, doc, Arity::One)
    }

    fn open(name: &str, folders: &InputFolders) -> Result<Self, ArtifactError> {
        let (_, folder) = folders.of(name).first().expect("the plan binds every required port");
        open_one(folder)
    }
}

impl<A: Open> InputSlot for Optional<A> {
    fn port(name: &str, doc: &str) -> InputPort {
        declare::<A>(name, doc, Arity::Optional)
    }

    fn open(name: &str, folders: &InputFolders) -> Result<Self, ArtifactError> {
        let first = folders.of(name).first();
        first.map(|(_, folder)| open_one(folder)).transpose().map(Self)
    }
}

impl<A: Open> InputSlot for Many<A> {
    fn port(name: &str, doc: &str) -> InputPort {
        declare::<A>(name, doc, Arity::Many)
    }

    fn open(name: &str, folders: &InputFolders) -> Result<Self, ArtifactError> {
        let open = |(source, folder): &(String, Folder)| Ok((source.clone(), open_one(folder)?));
        folders.of(name).iter().map(open).collect::<Result<_, _>>().map(Self)
    }
}

/// Declares the inputs of a stage: a struct whose fields are [`One`], [`Optional`] or [`Many`].
///
/// The doc comment of a field is the port's documentation.
#[macro_export]
macro_rules! inputs {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[doc = $doc:expr])* $field_vis:vis $field:ident: $slot:ty),* $(,)?
    }) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[doc = $doc])* $field_vis $field: $slot,)*
        }

        impl $crate::Inputs for $name {
            fn ports() -> ::std::vec::Vec<$crate::InputPort> {
                ::std::vec![$(<$slot as $crate::InputSlot>::port(
                    stringify!($field),
                    concat!($($doc,)*),
                )),*]
            }

            fn open(
                folders: &$crate::InputFolders,
            ) -> ::std::result::Result<Self, $crate::ArtifactError> {
                ::std::result::Result::Ok(Self {
                    $($field: <$slot as $crate::InputSlot>::open(stringify!($field), folders)?,)*
                })
            }
        }
    };
}

/// Declares the outputs of a stage: a struct whose fields are artifacts, or `Option<artifact>` for an output that
/// depends on the params.
///
/// The doc comment of a field is the port's documentation.
#[macro_export]
macro_rules! outputs {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $(
            $(#[doc = $doc:expr])*
            $field_vis:vis $field:ident: $head:ident $(:: $tail:ident)* $(< $inner:ty >)?
        ),* $(,)?
    }) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[doc = $doc])* $field_vis $field: $head $(:: $tail)* $(< $inner >)?,)*
        }

        impl $crate::Outputs for $name {
            fn ports() -> ::std::vec::Vec<$crate::OutputPort> {
                ::std::vec![$($crate::outputs!(
                    @port stringify!($field), concat!($($doc,)*), $head $(:: $tail)* $(< $inner >)?
                )),*]
            }

            fn publish(
                self,
                folders: &mut $crate::OutputFolders<'_>,
            ) -> ::std::result::Result<(), $crate::ArtifactError> {
                $($crate::outputs!(
                    @publish folders, stringify!($field), self.$field, $head $(:: $tail)* $(< $inner >)?
                );)*
                ::std::result::Result::Ok(())
            }
        }
    };
    (@port $name:expr, $doc:expr, Option<$artifact:ty>) => {
        $crate::OutputPort::of::<$artifact>($name, $doc, $crate::Presence::Sometimes)
    };
    (@port $name:expr, $doc:expr, $artifact:ty) => {
        $crate::OutputPort::of::<$artifact>($name, $doc, $crate::Presence::Always)
    };
    (@publish $folders:ident, $name:expr, $value:expr, Option<$artifact:ty>) => {
        if let ::std::option::Option::Some(artifact) = $value {
            $folders.publish::<$artifact>($name, artifact)?;
        }
    };
    (@publish $folders:ident, $name:expr, $value:expr, $artifact:ty) => {
        $folders.publish::<$artifact>($name, $value)?
    };
}
