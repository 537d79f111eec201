"""Counts single paths of the paper's space without the graph: where the goldens of tests.rs come from.

Run with `python3 paper_size.py`. Stem of 64 channels, levels of 128 to 1024 channels, bottlenecks of a quarter.
"""


def count(genome, size=224, classes=1000):
    macs = {"multiply": 0, "shift": 0, "add": 0}
    params = {"multiply": 0, "shift": 0, "add": 0, "normalization": 0}

    def conv(kind, inputs, outputs, kernel, edge, groups=1, bias=False):
        taps = inputs // groups * kernel * kernel
        macs[kind] += edge * edge * outputs * taps
        params[kind] += outputs * (taps + bias)

    def norm(channels):
        params["normalization"] += 2 * channels

    conv("multiply", 3, 64, 7, size // 2)
    norm(64)
    edge = size // 4
    conv("multiply", 64, 64, 1, edge, groups=64)
    conv("multiply", 64, 32, 1, edge)
    norm(32)
    width = 32
    for level, letters in enumerate(genome.split(".")):
        wide, narrow = 128 << level, 32 << level
        for position, letter in enumerate(letters):
            kind = {"A": "multiply", "C": "multiply", "S": "shift", "D": "add"}[letter]
            before = edge
            if level > 0 and position == 0:
                edge //= 2
                conv(kind, width, wide, 3, edge)
                norm(wide)
            elif width != wide:
                conv(kind, width, wide, 1, edge)
                norm(wide)
            conv(kind, width, narrow, 1, before)
            conv(kind, narrow, narrow, 3, edge, groups=narrow, bias=letter != "D")
            norm(narrow)
            if letter == "A":
                conv("multiply", narrow, 3 * narrow, 1, edge)
                macs["multiply"] += 2 * narrow * edge**4
            else:
                conv(kind, narrow, narrow, 3, edge)
            norm(narrow)
            conv(kind, narrow, wide, 1, edge)
            norm(wide)
            width = wide
    macs["multiply"] += width * classes
    params["multiply"] += width * classes + classes
    return macs, params


if __name__ == "__main__":
    for genome in ("CC.CCCC.SCADD.AACAA", "CC.CSCC.SCASS.AACAA"):
        print(genome, *count(genome))
