"""Names of types in annotations of user code."""

from typing import Any

import tensorrt as trt

TRTTensor = trt.ITensor
TRTNetwork = trt.INetworkDefinition
TRTElementWiseOp = trt.ElementWiseOperation
TRTDataType = trt.DataType
TRTLayer = trt.ILayer
TRTInterpreterResult = Any
