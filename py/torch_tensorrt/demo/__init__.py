"""The demo: `python -m torch_tensorrt.demo` compiles real models,
checks them against float64 and shows the figures."""
