"""How long things take, and how that grows: `python -m bench`. No part of the product."""
