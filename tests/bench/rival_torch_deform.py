"""Deformed images in PyTorch: the linear map and the elastic field of
src/kernels/deform.h, of a whole batch at once, with a grid of coordinates and
grid_sample. Coordinates are from -1 to 1 across an image."""
import math

import torch

SIDE = 28
ROTATION = SHEAR = math.radians(15)
SCALE, SHIFT, ALPHA, SIGMA = 0.15, 1.5, 36.0, 6.0
SOFT = (1, 7)  # classes with half of rotation and shear


def blur_matrix():
    """The band matrix [SIDE, SIDE] of a Gaussian, cut off at 3 SIGMA."""
    distance = torch.arange(SIDE)[:, None] - torch.arange(SIDE)
    weights = torch.exp(-distance.square() / (2 * SIGMA * SIGMA))
    most = torch.arange(-int(3 * SIGMA + 0.5), int(3 * SIGMA + 0.5) + 1)
    total = torch.exp(-most.square() / (2 * SIGMA * SIGMA)).sum()
    return weights * (distance.abs() <= len(most) // 2) / total


BLUR = blur_matrix()


def between(limits):
    """Uniform in plus and minus each limit."""
    return (2 * torch.rand(limits.shape) - 1) * limits


def linear_maps(labels):
    """[rows, 2, 3], from pixels of the result to those of the image."""
    is_soft = (labels == SOFT[0]) | (labels == SOFT[1])
    share = torch.where(is_soft, 0.5, 1.0)
    one = torch.ones_like(share)
    angle, slant = between(ROTATION * share), torch.tan(between(SHEAR * share))
    wide, high = 1 + between(SCALE * one), 1 + between(SCALE * one)
    cosine, sine = torch.cos(angle), torch.sin(angle)
    shift = 2 * SHIFT / SIDE * one
    return torch.stack([cosine / wide, (cosine * slant - sine) / wide,
                        between(shift),
                        sine / high, (sine * slant + cosine) / high,
                        between(shift)], 1).view(-1, 2, 3)


def deform(rows, labels):
    """Rows [rows, SIDE * SIDE] of images, deformed anew."""
    images = rows.view(-1, 1, SIDE, SIDE)
    grid = torch.nn.functional.affine_grid(
        linear_maps(labels), images.shape, align_corners=False)
    noise = 2 * torch.rand(len(rows), 2, SIDE, SIDE) - 1
    field = 2 * ALPHA / SIDE * (BLUR @ noise @ BLUR)
    return torch.nn.functional.grid_sample(
        images, grid + field.permute(0, 2, 3, 1), mode="bilinear",
        padding_mode="zeros", align_corners=False).view(len(rows), -1)
