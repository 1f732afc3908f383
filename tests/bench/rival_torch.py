"""PyTorch:

    python3 rival_torch.py MNIST THREADS eager|compiled [WIDTHS BATCH [deformed]]

With the hidden layers' WIDTHS: a net with these, trained by AdamW; "deformed":
on images that are deformed anew, with dropout.
"""
import sys

import torch

import rival_common as common
import rival_torch_net as nets


def main():
    folder, threads, mode = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(1)
    pixels, labels = nets.load(folder)
    batch = common.BATCH
    is_deformed = sys.argv[6:] == ["deformed"]
    if len(sys.argv) > 4:
        batch = int(sys.argv[5])
        net = nets.make_net([common.WIDTHS[0],
                             *map(int, sys.argv[4].split(",")),
                             common.WIDTHS[-1]],
                            common.DROPOUT if is_deformed else 0)
        optimizer = nets.make_adamw(net)
    else:
        net = nets.make_net(common.WIDTHS)
        optimizer = nets.make_optimizer(net)
    loss_of = (nets.make_loss_of_deformed if is_deformed
               else nets.make_loss)(net)
    if mode == "compiled":
        # One program for whole batches, and one for the last.
        loss_of = torch.compile(loss_of, dynamic=False)
    common.serve(lambda: nets.train_rows(loss_of, optimizer, pixels, labels,
                                         torch.randperm(len(labels)), batch),
                 version=torch.__version__, threads=torch.get_num_threads())


main()
