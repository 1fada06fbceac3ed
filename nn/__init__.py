"""Networks on autograd_lite: layers, losses, optimisers, data, training; the names are PyTorch's."""
