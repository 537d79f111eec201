"""Times what people use instead of our text preparation: sacremoses, subword-nmt and fairseq's binarisation.

python text.py SOURCE TARGET CODES SOURCE_LANGUAGE TARGET_LANGUAGE, two plain files with a sentence on each line and the
merges of subword-nmt. Prints one JSON object: for each step {"pairs", "seconds"}; every step in one process.
"""

import collections
import json
import sys
import time

import sacremoses
from subword_nmt.apply_bpe import BPE

EOS, UNKNOWN = 2, 3


def lines(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        return [line.rstrip("\n") for line in file]


def tokenized(sentences, language):
    normalizer = sacremoses.MosesPunctNormalizer(language)
    tokenizer = sacremoses.MosesTokenizer(language)
    return [" ".join(tokenizer.tokenize(normalizer.normalize(sentence))) for sentence in sentences]


def dictionary(sides):
    counts = collections.Counter(piece for side in sides for sentence in side for piece in sentence.split())
    return {piece: 4 + index for index, (piece, _) in enumerate(counts.most_common())}


def binarized(sentences, ids):
    """As fairseq's Dictionary.encode_line with its default tokenizer: ids and the end of sentence."""
    return [[ids.get(piece, UNKNOWN) for piece in sentence.split()] + [EOS] for sentence in sentences]


def main(source, target, codes, *languages):
    steps = {}

    def timed(step, run, sides, arguments):
        start = time.perf_counter()
        results = [run(side, argument) for side, argument in zip(sides, arguments)]
        steps[step] = {"pairs": len(sides[0]), "seconds": time.perf_counter() - start}
        return results

    raw = [lines(source), lines(target)]
    words = timed("tokenize", tokenized, raw, languages)
    with open(codes, encoding="utf-8") as file:
        pairs = BPE(file)
    cut = timed("pieces", lambda side, pairs: [pairs.process_line(line) for line in side], words, [pairs, pairs])
    ids = dictionary(cut)
    timed("ids", binarized, cut, [ids, ids])
    print(json.dumps(steps))


if __name__ == "__main__":
    main(*sys.argv[1:])
