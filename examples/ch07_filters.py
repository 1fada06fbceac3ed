"""Chapter 7: what the filters of a convolution look like before and after training, and what they see in a digit."""

import numpy as np
from _common import Lab, train
from _models import simple_conv_net

import nn
from autograd_lite import no_grad


def main(argv=None):
    lab = Lab(__doc__, argv)
    digits = lab.digits()
    model = simple_conv_net(0.01)
    conv = model[0]
    before = conv.weight.numpy().copy()
    optimizer = nn.optim.Adam(model.parameters(), lr=0.002)
    losses = train(model, optimizer, lab.loader(digits.train), lab.choose(500, 20), "updates")
    after = conv.weight.numpy().copy()
    print(f"Loss: {losses[0]:.3f} before training, {np.mean(losses[-10:]):.3f} after {len(losses)} updates.")

    title = "Filters are noise at first, then edges and blobs"
    figure = nn.plots.filters({"before training": before, "after training": after}, title=title, columns=6)
    lab.save(figure, "ch07_filters.png")

    image = digits.held_out_images[7:8]
    with no_grad():
        seen = conv(image).data
    strongest = np.argsort(-np.abs(seen[0]).mean(axis=(1, 2)))[:12]
    rows = [(int(i), float(after[i].sum()), float(seen[0, i].min()), float(seen[0, i].max())) for i in strongest]
    lab.table(["filter", "sum of weights", "least response", "greatest"], rows)
    responses = seen[:, strongest].transpose(1, 0, 2, 3)
    panels = {"the digit": image, "the 12 strongest filters: blue is yes, red is no": responses}
    lab.save(nn.plots.filters(panels, title="What filters see in a digit"), "ch07_responses.png")


if __name__ == "__main__":
    main()
