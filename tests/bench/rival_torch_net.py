"""Nets and data of the benchmark in PyTorch, as its tutorials have them, with
what makes it fast on a CPU: tensors are made once, batches are taken by
index, gradients are dropped and not cleared.
"""
import torch

import rival_common as common


def make_net(widths):
    layers = []
    for width, wider in zip(widths[1:], widths):
        layers += [torch.nn.Linear(wider, width), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def load(folder):
    pixels, labels = common.training_set(folder)
    return torch.from_numpy(pixels), torch.from_numpy(labels)


def make_optimizer(net):
    # One call for all of some ten tensors is faster.
    return torch.optim.SGD(net.parameters(), lr=common.LEARNING_RATE,
                           momentum=common.MOMENTUM, foreach=True)


def make_adamw(net):
    # One pass over parameters and moments, as they exceed the cache.
    return torch.optim.AdamW(net.parameters(), lr=0.001, fused=True)


def make_loss(net):
    """The loss of a batch, as a function of its rows and labels."""
    cross_entropy = torch.nn.functional.cross_entropy
    return lambda rows, labels: cross_entropy(net(rows), labels)


def train_rows(loss_of, optimizer, pixels, labels, order, batch):
    """One epoch over the rows in this order; the last batch's loss."""
    for first in range(0, len(order), batch):
        rows = order[first:first + batch]
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(pixels.index_select(0, rows),
                       labels.index_select(0, rows))
        loss.backward()
        optimizer.step()
    return loss.item()
