"""Small models of the kinds that people compile: residual, mobile with an index buffer, dense."""

import torch
from torch import nn
from torch.nn import functional as F


def randomized(model: nn.Module, seed: int = 0) -> nn.Module:
    """Weights and running statistics that are no defaults, in eval mode."""
    generator = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            module.running_mean.copy_(torch.randn(module.num_features, generator=generator) * 0.2)
            module.running_var.copy_(torch.rand(module.num_features, generator=generator) + 0.5)
            module.weight.data.copy_(torch.rand(module.num_features, generator=generator) + 0.5)
            module.bias.data.copy_(torch.randn(module.num_features, generator=generator) * 0.1)
            module.eps = 1e-3
    return model.eval()


class BasicBlock(nn.Module):
    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample: nn.Module | None = None
        if stride != 1 or channels != out:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


class ResNet(nn.Module):
    """ResNet-18 in small: stem, four stages, pooling, classifier."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        widths = [width, width * 2, width * 4, width * 8]
        stages = []
        for i, out in enumerate(widths):
            before = widths[max(i - 1, 0)]
            stages.append(nn.Sequential(BasicBlock(before, out, 1 if i == 0 else 2), BasicBlock(out, out, 1)))
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(widths[-1], 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.maxpool(F.relu(self.bn1(self.conv1(x)), inplace=True))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class SqueezeExcite(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // 4, 1)
        self.fc2 = nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scale = F.adaptive_avg_pool2d(x, 1)
        return x * F.hardsigmoid(self.fc2(F.relu(self.fc1(scale))))


class MobileNet(nn.Module):
    """Depthwise convolutions, hardswish, relu6, squeeze-excite, channels shuffled through an int64 buffer."""

    order: torch.Tensor

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.Hardswish()
        )
        self.expand = nn.Sequential(
            nn.Conv2d(width, width * 4, 1, bias=False), nn.BatchNorm2d(width * 4), nn.ReLU6()
        )
        self.depthwise = nn.Conv2d(width * 4, width * 4, 5, 1, 2, groups=width * 4, bias=False)
        self.bn = nn.BatchNorm2d(width * 4)
        self.excite = SqueezeExcite(width * 4)
        self.project = nn.Conv2d(width * 4, width, 1, bias=False)
        self.bn_project = nn.BatchNorm2d(width)
        self.register_buffer("order", torch.randperm(width, generator=torch.Generator().manual_seed(3)))
        self.head = nn.Linear(width, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        y = self.excite(F.hardswish(self.bn(self.depthwise(self.expand(x)))))
        y = self.bn_project(self.project(y)) + x
        y = y.index_select(1, self.order)
        return self.head(y.mean([2, 3]))


class MLP(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.norm, self.fc2 = nn.Linear(16, 32), nn.LayerNorm(32, eps=1e-3), nn.Linear(32, 4)
        self.drop = nn.Dropout(0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.softmax(self.fc2(self.drop(F.gelu(self.norm(self.fc1(x))))), dim=-1)


def scripted(model: nn.Module, *_: torch.Tensor) -> torch.jit.ScriptModule:
    return torch.jit.script(model)


def traced(model: nn.Module, *inputs: torch.Tensor) -> torch.jit.ScriptModule:
    with torch.no_grad():
        return torch.jit.trace(model, inputs, check_trace=False)


FRONTS = {"scripted": scripted, "traced": traced}
