"""Fast functions of plain arrays, for what whole-array NumPy does slowly: convolution and pooling of images.

They know nothing of tensors and rules. Images are (N, C, H, W) in name; in memory, results lie as (H, W, N, C), which
gives every loop long runs of neighbours. Strides carry that layout through element-wise functions, so layer after layer
finds it; any other layout is as welcome, and only slower.

========== ============================================================
special    functions that NumPy lacks
windows    how many windows there are, and where; im2col and col2im
conv       convolution and its two gradients
patches    the windows of images as factors of matrix products
winograd   the same for 3 x 3 filters, with fewer multiplications
depthwise  the same for filters that see one channel each, or few
pool       maxima and means of windows, and their gradients
rectify    the rectifier and its gradient
products   products of matrices
softmax    softmax and its logarithm
sums       sums and means over axes
broadcast  small arrays repeated, where that makes broadcasting faster
recurrent  the recursion of long short-term memory
compiled   whether loops are compiled, and the compiled ones
loops      what is compiled
memory     what becomes of freed memory
parts      large arrays in parts that stay in the cache
scratch    memory that is used again, and the size of tiles
threads    who uses the cores: BLAS, or a pool of our own
========== ============================================================
"""
