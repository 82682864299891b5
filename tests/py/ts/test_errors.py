"""What users get wrong: the error names the place, what was expected and found, and what to do."""

import pytest
import torch
import torch_tensorrt
from torch import nn
from torch_tensorrt import ts
from torch_tensorrt._errors import DtypeContractError, InputError, UnsupportedOperatorError

from tests.py.ts.harness import compiled, inputs_of


class Conv(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stage = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.stage(x)


def convert(model: nn.Module, *inputs: torch_tensorrt.Input) -> bytes:
    return ts.convert_method_to_trt_engine(torch.jit.script(model.eval()), inputs=list(inputs))


def test_wrong_dtype() -> None:
    with pytest.raises((DtypeContractError, InputError), match=r"stage\.0") as caught:
        convert(Conv(), torch_tensorrt.Input((1, 3, 8, 8), dtype=torch.half))
    assert "float16" in str(caught.value) or "Half" in str(caught.value)


def test_declared_integer_for_a_float_model_is_no_guess() -> None:
    with pytest.raises((DtypeContractError, InputError)) as caught:
        convert(Conv(), torch_tensorrt.Input((1, 3, 8, 8), dtype=torch.int64))
    assert "Cannot specify Int64 input" not in str(caught.value)


def test_wrong_rank() -> None:
    with pytest.raises(InputError, match=r"aten::convolution(.|\n)*stage\.0"):
        convert(Conv(), torch_tensorrt.Input((8, 8), dtype=torch.float32))


def test_wrong_count() -> None:
    x = torch_tensorrt.Input((1, 3, 8, 8), dtype=torch.float32)
    with pytest.raises(InputError, match="2 given, 1 tensors expected"):
        convert(Conv(), x, x)


class Unsupported(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cumprod(x, 0) + 1


def test_unsupported_operator_under_full_compilation() -> None:
    for act in (
        lambda: convert(Unsupported(), torch_tensorrt.Input((3,), dtype=torch.float32)),
        lambda: compiled(torch.jit.script(Unsupported()), [(3,)], require_full_compilation=True),
    ):
        with pytest.raises(UnsupportedOperatorError, match="aten::cumprod") as caught:
            act()
        assert "test_errors.py" in str(caught.value)
        assert "require_full_compilation=False" in str(caught.value)


def test_support_check() -> None:
    assert not ts.check_method_op_support(torch.jit.script(Unsupported()))
    assert ts.check_method_op_support(torch.jit.script(Conv()))


def test_no_such_method() -> None:
    with pytest.raises(InputError, match="encode"):
        ts.convert_method_to_trt_engine(torch.jit.script(Conv()), "encode", inputs=[(1, 3, 8, 8)])


def test_no_inputs() -> None:
    with pytest.raises(InputError, match="inputs"):
        ts.compile(torch.jit.script(Conv()))


def test_not_an_input() -> None:
    with pytest.raises(InputError, match="input 1"):
        ts.compile(torch.jit.script(Conv()), inputs=[torch.randn(1, 3, 8, 8), "x"])


def test_flag_has_to_be_a_flag() -> None:
    with pytest.raises(TypeError, match="truncate_long_and_double"):
        ts.compile(torch.jit.script(Conv()), inputs=[(1, 3, 8, 8)], truncate_long_and_double="maybe")


def test_precisions_have_no_effect_and_say_so() -> None:
    x = torch.randn(1, 3, 8, 8)
    with pytest.warns(UserWarning, match="enabled_precisions"):
        module = compiled(torch.jit.script(Conv().eval()), inputs_of(x), enabled_precisions={torch.half})
    assert module(x).dtype == torch.float32


class Raises(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.view(2, 3)


def test_shapes_that_the_model_refuses() -> None:
    with pytest.raises(InputError, match=r"aten::view(.|\n)*test_errors\.py"):
        convert(Raises(), torch_tensorrt.Input((5,), dtype=torch.float32))


class Counts(nn.Module):
    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, int]:
        return torch.relu(x), x.size(0)


def test_numbers_are_no_results_of_an_engine() -> None:
    with pytest.raises(UnsupportedOperatorError, match="returns a int"):
        convert(Counts(), torch_tensorrt.Input((3,), dtype=torch.float32))
    x = torch.randn(3)
    module = compiled(torch.jit.script(Counts()), [x], min_block_size=1)
    assert module(x)[1] == 3


def test_nothing_to_compute() -> None:
    with pytest.raises(UnsupportedOperatorError, match="computes nothing"):
        convert(nn.Identity(), torch_tensorrt.Input((3,), dtype=torch.float32))


@pytest.mark.parametrize(
    "bad", [torch.ones(3, dtype=torch.half), torch.ones(3, dtype=torch.int64), torch.ones(4)]
)
def test_wrong_input_at_a_call(bad: torch.Tensor) -> None:
    module = compiled(torch.jit.script(nn.ReLU()), [torch.randn(3)], require_full_compilation=True)
    with pytest.raises(RuntimeError, match="Input 'input'"):
        module(bad)
