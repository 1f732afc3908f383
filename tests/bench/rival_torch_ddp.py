"""PyTorch's DistributedDataParallel over gloo:
python3 rival_torch_ddp.py MNIST RANKS
python3 rival_torch_ddp.py MNIST RANKS RANK tcp://ADDRESS:PORT ROWS

Every rank has one thread and one core, and takes its share of every global
batch. The second form is one rank, of several hosts that meet at rank 0's
address, and trains on the first ROWS rows.
"""
import os
import sys
import tempfile

import torch
import torch.distributed as dist

import rival_common as common
import rival_torch_net as nets


def order_of(epoch, rank, ranks, rows):
    """This rank's rows: round-robin from the same shuffle on all ranks."""
    generator = torch.Generator().manual_seed(epoch)
    return torch.randperm(rows, generator=generator)[rank::ranks]


def run(folder, rank, ranks, meeting, rows=None):
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[rank % len(cores)]})
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(1)
    dist.init_process_group("gloo", init_method=meeting, rank=rank,
                            world_size=ranks)
    pixels, labels = (part[:rows] for part in nets.load(folder))
    net = torch.nn.parallel.DistributedDataParallel(
        nets.make_net(common.WIDTHS))
    optimizer = nets.make_optimizer(net)
    loss_of = nets.make_loss(net)
    go_on = torch.ones(1)
    epoch = 0

    def train_epoch():
        nonlocal epoch
        epoch += 1
        if rank == 0:  # the others wait for the word
            dist.broadcast(go_on, 0)
        loss = nets.train_rows(loss_of, optimizer, pixels, labels,
                               order_of(epoch, rank, ranks, len(labels)),
                               common.BATCH // ranks)
        dist.barrier()
        return loss

    if rank == 0:
        common.serve(train_epoch, version=torch.__version__, ranks=ranks)
        go_on.zero_()
        dist.broadcast(go_on, 0)
    else:
        while dist.broadcast(go_on, 0) is None and go_on.item() == 1:
            train_epoch()


def main():
    folder, ranks = sys.argv[1], int(sys.argv[2])
    if len(sys.argv) > 3:
        run(folder, int(sys.argv[3]), ranks, sys.argv[4], int(sys.argv[5]))
        return
    with tempfile.TemporaryDirectory() as place:
        meeting = "file://" + os.path.join(place, "meeting")
        others = []
        for rank in range(1, ranks):
            child = os.fork()
            if child == 0:
                os.close(0)
                run(folder, rank, ranks, meeting)
                os._exit(0)
            others.append(child)
        run(folder, 0, ranks, meeting)
        for child in others:
            os.waitpid(child, 0)


main()
