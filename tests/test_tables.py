"""The tables of kernels are those that the script makes of the formulas."""

import pytest
import tables


@pytest.mark.parametrize("name", tables.TABLES)
def test_the_table_is_that_of_the_script(name):
    assert (tables.KERNELS / "tables" / f"{name}.pxi").read_text() == tables.TABLES[name]()


def test_every_table_has_its_script():
    assert {path.stem for path in (tables.KERNELS / "tables").iterdir()} == set(tables.TABLES)
