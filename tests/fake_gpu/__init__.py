"""A CUDA device that is not there: what the project would launch on it, copy to it and wait for, without a GPU.

Tensors on it have a shape, a type and a place, and no values (torch's fake tensors). Every operator is logged; where
asked for, the real CUDA kernel is called as well: it checks its arguments before it looks for a driver."""
