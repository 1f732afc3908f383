"""Nets and data of the benchmark in PyTorch, as its tutorials have them, with
what makes it fast on a CPU: tensors are made once, batches are taken by
index, gradients are dropped and not cleared.
"""
import torch

import rival_common as common
import rival_torch_deform


def make_net(widths, dropout=0):
    layers = []
    for before, width in zip(widths, widths[1:-1]):
        layers += [torch.nn.Linear(before, width), torch.nn.ReLU()]
        if dropout > 0:
            layers.append(torch.nn.Dropout(dropout))
    return torch.nn.Sequential(*layers, torch.nn.Linear(*widths[-2:]))


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


def make_loss_of_deformed(net):
    """The same of images that are deformed anew, with smoothed labels."""
    cross_entropy = torch.nn.functional.cross_entropy
    return lambda rows, labels: cross_entropy(
        net(rival_torch_deform.deform(rows, labels)), labels,
        label_smoothing=common.LABEL_SMOOTHING)


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
