"""Times what people use instead of our operators, on PyTorch's CPU build.

Prints one JSON object a line: {"case", "threads", "reference", "reference_ms"}. Medians; the same shapes as ours.
"""

import json
import statistics
import sys
import time

import torch
import torch.nn.functional as F


def median_ms(run, repetitions):
    run()
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def report(case, threads, reference, run, repetitions):
    torch.set_num_threads(threads)
    row = {
        "case": case,
        "threads": threads,
        "reference": f"PyTorch {torch.__version__.split('+')[0]} {reference}",
        "reference_ms": median_ms(run, repetitions),
    }
    print(json.dumps(row), flush=True)


def convolution(channels, groups):
    x = torch.randn(32, channels, 32, 32, requires_grad=True)
    w = torch.randn(channels, channels // groups, 3, 3, requires_grad=True)
    g = torch.randn(32, channels, 32, 32)

    def run():
        x.grad = w.grad = None
        F.conv2d(x, w, padding=1, groups=groups).backward(g)

    return run


def cdist(n, d, m, backward):
    x = torch.randn(n, d, requires_grad=backward)
    w = torch.randn(m, d, requires_grad=backward)
    g = torch.randn(n, m)

    def run():
        x.grad = w.grad = None
        y = -torch.cdist(x, w, p=1)
        if backward:
            y.backward(g)

    return run


class Add(torch.autograd.Function):
    """The add layer with its surrogate gradients, a chunk of outputs at a time so that memory stays bounded.

    Of 1, 2, 4, 8 and 16 outputs one at a time was the fastest: 53 ms where four and more took 300.
    """

    CHUNK = 1

    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return -torch.cdist(x, w, p=1)

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        dx = torch.zeros_like(x)
        for part, gradient in zip(w.split(Add.CHUNK), g.split(Add.CHUNK, 1)):
            dx += (gradient[:, :, None] * (part[None] - x[:, None]).clamp(-1, 1)).sum(1)
        return dx, g.t() @ x - w * g.sum(0)[:, None]


def chunked(n, d, m):
    x = torch.randn(n, d, requires_grad=True)
    w = torch.randn(m, d, requires_grad=True)
    g = torch.randn(n, m)

    def run():
        x.grad = w.grad = None
        Add.apply(x, w).backward(g)

    return run


def main():
    threads = int(sys.argv[1])
    torch.manual_seed(1)
    report("depth-wise conv 3x3, c128, b32, 32x32, forward + backward", threads, "conv2d", convolution(128, 128), 9)
    report("conv 3x3, 64 to 64, b32, 32x32, forward + backward", threads, "conv2d", convolution(64, 1), 9)
    report("add f32 linear 512x512x512, forward", 1, "cdist p=1", cdist(512, 512, 512, False), 5)
    report("add f32 linear 2048x576x64, forward + backward", threads, "cdist p=1, its own gradients (signs)", cdist(2048, 576, 64, True), 5)
    report("add f32 linear 2048x576x64, forward + backward", threads, "cdist p=1, chunked clamp backward", chunked(2048, 576, 64), 5)


main()
