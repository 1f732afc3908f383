"""PyTorch, eager: python3 rival_torch.py MNIST THREADS"""
import sys

import torch

import rival_common as common
import rival_torch_net as nets


def main():
    folder, threads = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    pixels, labels = nets.load(folder)
    net = nets.make_net()
    optimizer = nets.make_optimizer(net)
    common.serve(lambda: nets.train_rows(net, optimizer, pixels, labels,
                                         torch.randperm(len(labels)),
                                         common.BATCH),
                 version=torch.__version__, threads=torch.get_num_threads())


main()
