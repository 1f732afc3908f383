"""The benchmark's net and its data in PyTorch, as its tutorials have them,
with what makes it fast on a CPU: tensors are made once, batches are taken by
index, gradients are dropped and not cleared.
"""
import torch

import rival_common as common


def make_net():
    layers = []
    for width, wider in zip(common.WIDTHS[1:], common.WIDTHS[:-1]):
        layers += [torch.nn.Linear(wider, width), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def load(folder):
    pixels, labels = common.training_set(folder)
    return torch.from_numpy(pixels), torch.from_numpy(labels)


def make_optimizer(net):
    # Ten or so tensors: one call for all of them is the faster way.
    return torch.optim.SGD(net.parameters(), lr=common.LEARNING_RATE,
                           momentum=common.MOMENTUM, foreach=True)


def train_rows(net, optimizer, pixels, labels, order, batch):
    """One epoch over the rows in this order; the last batch's loss."""
    cross_entropy = torch.nn.functional.cross_entropy
    for first in range(0, len(order), batch):
        rows = order[first:first + batch]
        optimizer.zero_grad(set_to_none=True)
        loss = cross_entropy(net(pixels.index_select(0, rows)),
                             labels.index_select(0, rows))
        loss.backward()
        optimizer.step()
    return loss.item()
