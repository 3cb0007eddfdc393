"""The kernels, one file per family, and the declaration that makes a function a kernel."""
