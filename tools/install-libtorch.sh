#!/usr/bin/env bash
# Installs a CPU-only LibTorch for feature `tch` from PyPI's wheels: x86_64 Linux, half a gigabyte, no root.
#
#     tools/install-libtorch.sh [DEST]
#
# DEST is ~/.cache/shiftaddnas/libtorch unless given. Prints the two lines that a shell needs to build and run
# with it, and nothing else on standard output: eval "$(tools/install-libtorch.sh)".
set -euo pipefail

version=2.9.0
libraries=(libc10.so libtorch_cpu.so libtorch.so libgomp.so.1 libgomp.so libcudart.so.12 libcupti.so.12)

say() { echo "install-libtorch: $*" >&2; }
fail() { say "$*"; exit 1; }

machine() {
    local found command
    found="$(uname -s) $(uname -m)"
    [ "$found" = "Linux x86_64" ] || fail "wanted Linux x86_64, found $found; get LibTorch $version from pytorch.org"
    for command in python3 cc c++; do
        command -v "$command" >/dev/null || fail "wanted a command \`$command\`, found none"
    done
    python3 -m pip --version >/dev/null 2>&1 || fail "wanted pip, found none; install python3-pip or python3-venv"
}

is_complete() {
    local library
    [ "$(cat "$1/build-version" 2>/dev/null)" = "$version" ] && [ -f "$1/include/torch/csrc/api/include/torch/torch.h" ] ||
        return 1
    for library in "${libraries[@]}"; do
        [ -s "$1/lib/$library" ] || return 1
    done
}

# Nothing may be replaced that could be something else than a half-made LibTorch.
may_be_replaced() {
    [ -e "$1" ] || return 0
    [ -d "$1" ] && [ -z "$(find "$1" -mindepth 1 -maxdepth 1 ! -name build-version ! -name include ! -name lib)" ]
}

# libtorch_cpu.so of PyPI is the one of the CUDA build: its profiler wants cudart and cupti, and no GPU.
download() {
    cat >"$1/wanted.txt" <<'WHEELS'
torch==2.9.0 --hash=sha256:51de31219c97c51cf4bf2be94d622e3deb5dcc526c6dc00e97c17eaec0fc1d67
nvidia-cuda-runtime-cu12==12.8.90 --hash=sha256:adade8dcbd0edf427b7204d480d6066d33902cab2a4707dcfc48a2d0fd44ab90
nvidia-cuda-cupti-cu12==12.8.90 --hash=sha256:ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182
WHEELS
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
        --implementation cp --python-version 3.11 --platform manylinux_2_28_x86_64 --platform manylinux_2_17_x86_64 \
        --platform manylinux2014_x86_64 --dest "$1" --requirement "$1/wanted.txt" >&2 ||
        fail "could not download LibTorch $version from PyPI; is the network there, and two gigabytes free in $1?"
}

# Takes out of the wheels what a program on the CPU needs: a quarter of them.
unpack() {
    python3 - "$1" "$2" <<'PYTHON'
import pathlib
import shutil
import sys
import zipfile

wheels, destination = map(pathlib.Path, sys.argv[1:])
LIBRARIES = {"libc10.so", "libtorch_cpu.so", "libgomp.so.1", "libcudart.so.12", "libcupti.so.12"}


def place(member):
    """Returns where a file of a wheel goes, or None if it is not needed."""
    path = pathlib.PurePosixPath(member)
    if path.parts[:2] == ("torch", "include"):
        return destination.joinpath(*path.parts[1:])
    return destination / "lib" / path.name if path.name in LIBRARIES else None


for wheel in sorted(wheels.glob("*.whl")):
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            target = None if member.is_dir() else place(member.filename)
            if target is None:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as source, open(target, "wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
PYTHON
}

# The wheel's libtorch.so needs the CUDA libraries. It holds no code, so an empty one that needs the others will do.
link() {
    ln -s libgomp.so.1 "$1/lib/libgomp.so"
    echo 'typedef int nothing;' |
        cc -shared -fPIC -x c - -o "$1/lib/libtorch.so" -Wl,-soname,libtorch.so -Wl,--no-as-needed \
            -L "$1/lib" -ltorch_cpu -lc10 "-Wl,-rpath,\$ORIGIN" "-Wl,-rpath-link,$1/lib" ||
        fail "could not link libtorch.so with cc"
}

# Everything is made in a folder beside the destination, so that the last step is a rename.
install_into() {
    local destination=$1 parent work
    parent=$(dirname "$destination")
    mkdir -p "$parent" || fail "could not make the folder $parent"
    work=$(mktemp -d "$parent/.libtorch.XXXXXX") || fail "could not write into the folder $parent"
    # shellcheck disable=SC2064 # the folder is known now and gone from scope when the trap runs
    trap "rm -rf '$work'" EXIT
    say "downloading LibTorch $version (900 MB) from PyPI"
    mkdir "$work/wheels"
    download "$work/wheels"
    say "unpacking into $destination"
    unpack "$work/wheels" "$work/libtorch"
    link "$work/libtorch"
    echo "$version" >"$work/libtorch/build-version"
    is_complete "$work/libtorch" || fail "the wheels of PyPI hold no complete LibTorch $version"
    [ ! -e "$destination" ] || mv "$destination" "$work/replaced"
    mv "$work/libtorch" "$destination"
}

[ $# -le 1 ] || fail "usage: tools/install-libtorch.sh [DEST]"
destination=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/shiftaddnas/libtorch}
machine
case $destination in /*) ;; *) destination=$PWD/$destination ;; esac
destination=${destination%/}
if is_complete "$destination"; then
    say "LibTorch $version is in $destination already"
elif may_be_replaced "$destination"; then
    install_into "$destination"
else
    fail "$destination holds something else; name a folder that is empty or does not exist"
fi
echo "export LIBTORCH='$destination'"
echo "export LD_LIBRARY_PATH='$destination/lib'\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}"
