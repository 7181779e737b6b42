"""Laws that every public callable keeps, whatever it computes: tested for all rows of the catalogue."""

import pytest
from catalogue import TABLE, public_callables


@pytest.mark.parametrize("path", list(public_callables()))
def test_every_public_callable_has_a_row(path):
    assert path in {row.path for row in TABLE.values()}, f"{path} needs a row in tests/catalogue.py"
