"""The layers by their formulas, in double precision with PyTorch.

Reads `cases.json` of the folder it is given, a list of cases, and prints the list of their answers: the values of every
tensor that the law of the case returns.
"""

import json
import pathlib
import sys

import torch
from torch.nn import functional


def add(window, x, w, g):
    """y = -sum |x - w|, dX = sum g clip(w - x, -1, 1), dW = sum g (x - w); x = 0 on the padding.

    Axes: picture, group, filter of the group, tap, position.
    """
    edges = {name: window[name] for name in ("kernel_size", "stride", "padding")}
    batch, groups = x.shape[0], window["groups"]
    taps = functional.unfold(x, **edges)
    taps = taps.reshape(batch, groups, 1, -1, taps.shape[-1])
    difference = taps - w.reshape(1, groups, -1, taps.shape[3], 1)
    upstream = g.reshape(batch, groups, -1, 1, taps.shape[-1])
    y = -difference.abs().sum(3)
    clipped = (upstream * (-difference).clamp(-1, 1)).sum(2)
    dx = functional.fold(clipped.reshape(batch, -1, taps.shape[-1]), x.shape[2:], **edges)
    dw = (upstream * difference).sum((0, 4))
    return y, dx, dw


def multiply(window, x, w, g):
    """y = sum x w with its true gradients."""
    x.requires_grad_()
    w.requires_grad_()
    y = functional.conv2d(x, w, stride=window["stride"], padding=window["padding"], groups=window["groups"])
    return y, *torch.autograd.grad(y, (x, w), g)


def shift_q(_, w):
    """sign(w) 2^round(log2 |w|), |w| in [2^-15, 1], ties to even; 0 stays 0."""
    return (w.sign() * torch.exp2(w.abs().clamp(2.0**-15, 1).log2().round()),)


def shift_ps(_, p, s):
    """sgn(round(s)) 2^round(p), p in [-14, 0], ties to even."""
    return (s.round().sign() * torch.exp2(p.clamp(-14, 0).round()),)


def transform(_, w, factors, g):
    """Each weight times the factor of its segment, weights in descending order in runs of equal length; dW, dalpha."""
    w.requires_grad_()
    factors.requires_grad_()
    ranks = torch.empty(len(w), dtype=torch.int64)
    ranks[torch.argsort(w, descending=True, stable=True)] = torch.arange(len(w))
    y = w * factors[ranks * len(factors) // len(w)]
    return y, *torch.autograd.grad(y, (w, factors), g)


LAWS = {law.__name__: law for law in (add, multiply, shift_q, shift_ps, transform)}


def answer(case):
    tensors = [torch.tensor(each["values"], dtype=torch.float64).reshape(each["shape"]) for each in case["tensors"]]
    return [values.flatten().tolist() for values in LAWS[case["law"]](case["window"], *tensors)]


cases = json.loads(pathlib.Path(sys.argv[1], "cases.json").read_text())
print(json.dumps([answer(case) for case in cases]))
