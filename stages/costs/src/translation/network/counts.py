"""Counts the published translation networks without their layers: where golden.csv comes from.

Run with `python3 counts.py > golden.csv`. Rules: 30 tokens each way, own sources; see `transformer` in network.rs.
"""

import pathlib
import tomllib

TOKENS = 30
TAPS = [3, 7, 15, 31, 31, 31]
DATA = pathlib.Path(__file__).parents[3] / "data/translation_networks.toml"


class Count:
    def __init__(self, inner):
        self.inner = inner
        self.official_params = self.macs_of_profiler = self.params_only_strict = 0
        self.multiply = self.shift = self.add = 0

    def dense(self, rows, inputs, outputs):
        self.official_params += inputs * outputs + outputs
        self.macs_of_profiler += rows * inputs * outputs
        self.multiply += rows * inputs * outputs

    def attention(self, width, key_width, keys):
        self.dense(TOKENS, width, self.inner)
        self.dense(keys, key_width, self.inner)
        self.dense(keys, key_width, self.inner)
        self.dense(TOKENS, self.inner, width)
        self.multiply += 2 * TOKENS * keys * self.inner
        self.macs_of_profiler += 2 * TOKENS * keys * self.inner + TOKENS * self.inner + 3

    def local(self, width, taps, kernels, letter):
        self.dense(TOKENS, width, width)
        self.dense(TOKENS, width, width)
        self.official_params += kernels * taps
        if letter == "S":
            self.official_params += width * width + width
            self.params_only_strict += width * width
            self.macs_of_profiler += TOKENS * width * width
            self.shift += TOKENS * width * width
        if letter == "C":
            self.multiply += TOKENS * width * taps
        else:
            self.add += TOKENS * width * taps

    def norms(self, number, width):
        self.official_params += number * 2 * width
        self.macs_of_profiler += number * TOKENS * width

    def mix(self, letters, width, taps):
        if letters == "A":
            self.attention(width, width, TOKENS)
        elif letters[0] == "A":
            self.attention(width // 2, width // 2, TOKENS)
            self.local(width // 2, taps, 4, letters[1])
        else:
            self.local(width, taps, 16, letters)


def count(network):
    counted = Count(network["inner_width"])
    encoder, decoder = network["encoder"], network["decoder"]
    width = encoder["width"]
    for letters, mlp, taps in zip(encoder["mixes"], encoder["mlp_widths"], TAPS):
        counted.mix(letters, width, taps)
        counted.dense(TOKENS, width, mlp)
        counted.dense(TOKENS, mlp, width)
        counted.norms(2, width)
        if letters in ("C", "D", "S"):
            counted.official_params -= 2 * width
            counted.params_only_strict += 2 * width
    width = decoder["width"]
    for letters, mlp, sources, taps in zip(decoder["mixes"], decoder["mlp_widths"], decoder["sources"], TAPS):
        counted.mix(letters, width, taps)
        counted.attention(width, encoder["width"], TOKENS * sources)
        counted.dense(TOKENS, width, mlp)
        counted.dense(TOKENS, mlp, width)
        counted.norms(3, width)
    counted.macs_of_profiler += TOKENS * (encoder["width"] + decoder["width"]) + 2 * TOKENS
    return counted


print("network,official_params,official_flops,params,multiply,shift,add")
for network in tomllib.loads(DATA.read_text())["network"]:
    counted = count(network)
    strict = counted.official_params + counted.params_only_strict
    flops = 2 * counted.macs_of_profiler
    row = [counted.official_params, flops, strict, counted.multiply, counted.shift, counted.add]
    print(network["name"], *row, sep=",")
