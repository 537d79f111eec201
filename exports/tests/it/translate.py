"""Translates with an exported model in ONNX Runtime: `translate.py FOLDER [THREADS [TOKENS [SENTENCES [MOST_LENGTH]]]]`.

FOLDER holds encoder.onnx, decoder.onnx and sources.txt, one sentence of token ids per line. Writes translations.txt
there, in the same form, and prints seconds, sentences and tokens, ends of sentences included, as JSON. Beam of 4 and
length penalty 0.6, by the rules of the beam search in Rust; batches are the same too. FOLDER/onnx.checked asks for a
look of the official checker first.
"""

import json, os, sys, time
import numpy, onnxruntime

END, PAD, BEAM, PENALTY = 2, 1, 4, 0.6


def session(path, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


class Decoder:
    """The decoder of one batch and what it remembers."""

    def __init__(self, encoder, decoder, sources):
        self.decoder = decoder
        longest = max(map(len, sources)) + 1
        tokens = numpy.full([len(sources), longest], PAD, numpy.int64)
        for row, source in zip(tokens, sources):
            row[: len(source) + 1] = source + [END]
        lengths = numpy.array([len(source) + 1 for source in sources], numpy.int64)
        names = [output.name for output in encoder.get_outputs()]
        self.encoded = dict(zip(names, encoder.run(None, {"tokens": tokens, "lengths": lengths})))
        self.rows = self.sentences = list(range(len(sources)))
        self.memory = self.encoded
        self.outputs = [output.name for output in decoder.get_outputs()]
        self.position = 0
        self.state = {}
        for given in decoder.get_inputs():
            if given.name.startswith("past."):
                sizes = [size if isinstance(size, int) else 0 for size in given.shape[1:]]
                self.state[given.name] = numpy.zeros([len(sources)] + sizes, numpy.float32)

    def step(self, tokens, parents):
        self.rows = [self.rows[parent] for parent in parents]
        sentences = sorted(set(self.rows), key=self.rows.index)
        if len(self.rows) % len(sentences) or any(
            self.rows.count(sentence) * len(sentences) != len(self.rows) for sentence in sentences
        ):
            sentences = self.rows
        if sentences != self.sentences:
            self.memory = {name: value[sentences] for name, value in self.encoded.items()}
            self.sentences = sentences
        shape = [len(sentences), -1]
        inputs = {
            "tokens": numpy.array(tokens, numpy.int64).reshape(shape),
            "parents": numpy.array(parents, numpy.int64).reshape(shape),
            "position": numpy.array([self.position], numpy.int64),
            **self.memory,
            **self.state,
        }
        values = dict(zip(self.outputs, self.decoder.run(None, inputs)))
        self.state = {name.replace("present.", "past."): values[name] for name in values if name.startswith("present.")}
        self.position += 1
        return values["log_probabilities"]


def search(decoder, sentences, most_length):
    """Returns the best translation of each sentence: fairseq's rules."""
    rows = [[([], numpy.float32(0), sentence)] for sentence in range(sentences)]
    finished = [[] for _ in range(sentences)]
    for length in range(1, most_length + 1):
        flat = [row for some in rows for row in some]
        if not flat:
            break
        found = decoder.step([row[0][-1] if row[0] else END for row in flat], [row[2] for row in flat])
        found[:, :END] = -numpy.inf
        if length <= 1:
            found[:, END] = -numpy.inf
        if length >= most_length:
            found[:, END + 1 :] = -numpy.inf
        found += numpy.array([row[1] for row in flat], numpy.float32)[:, None]
        first, vocabulary = 0, found.shape[1]
        for sentence, some in enumerate(rows):
            if not some:
                continue
            totals = found[first : first + len(some)].ravel()
            best = numpy.argpartition(-totals, 2 * BEAM)[: 2 * BEAM]
            best = best[numpy.lexsort((best, -totals[best]))]
            after = []
            for rank, at in enumerate(best):
                row, token = divmod(int(at), vocabulary)
                if totals[at] == -numpy.inf:
                    break
                if token == END:
                    if rank < BEAM and len(finished[sentence]) < BEAM:
                        tokens = some[row][0]
                        finished[sentence].append((tokens, totals[at] / (len(tokens) + 1) ** PENALTY))
                elif len(after) < BEAM:
                    after.append((some[row][0] + [token], totals[at], first + row))
            first += len(some)
            rows[sentence] = after if len(finished[sentence]) < BEAM else []
    return [max(some, key=lambda hypothesis: hypothesis[1])[0] for some in finished]


def batches(sources, tokens, sentences):
    order = sorted(range(len(sources)), key=lambda at: -len(sources[at]))
    found = []
    for at in order:
        if found and len(found[-1]) < min(sentences, tokens // (len(sources[found[-1][0]]) + 1)):
            found[-1].append(at)
        else:
            found.append([at])
    return found


def main(folder, threads=1, tokens=512, sentences=32, most_length=200):
    path = lambda name: os.path.join(folder, name)
    if os.path.exists(path("onnx.checked")):
        import onnx

        onnx.checker.check_model(path("encoder.onnx"), full_check=True)
        onnx.checker.check_model(path("decoder.onnx"), full_check=True)
    encoder, decoder = (session(path(name), threads) for name in ["encoder.onnx", "decoder.onnx"])
    with open(path("sources.txt")) as lines:
        sources = [[int(token) for token in line.split()] for line in lines]
    start, translations = time.time(), [None] * len(sources)
    for batch in batches(sources, tokens, sentences):
        chosen = [sources[at] for at in batch]
        found = search(Decoder(encoder, decoder, chosen), len(batch), most_length)
        for at, translation in zip(batch, found):
            translations[at] = translation
    seconds = time.time() - start
    with open(path("translations.txt"), "w") as file:
        file.writelines(" ".join(map(str, translation)) + "\n" for translation in translations)
    count = sum(len(translation) + 1 for translation in translations)
    print(json.dumps({"seconds": seconds, "sentences": len(sources), "tokens": count}))


main(sys.argv[1], *map(int, sys.argv[2:]))
