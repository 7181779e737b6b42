import re
import subprocess
import sys

import pytest

from fastnn import cli


def test_info(capsys):
    assert cli.main(["info"]) == 0
    assert "kernels in use" in capsys.readouterr().out


def test_the_demo_says_what_it_found_and_writes_a_page_that_needs_no_other_file(tmp_path, capsys):
    page = tmp_path / "page.html"
    assert cli.main(["demo", "--epochs", "30", "--output", str(page)]) == 0
    said = capsys.readouterr()
    assert float(re.search(r"Test accuracy: ([\d.]+)%", said.out)[1]) > 94
    sigmoid, relu = re.findall(r"(\d) of 7 layers vanishing; test accuracy ([\d.]+)%", said.out)
    assert int(sigmoid[0]) > int(relu[0]) == 0
    assert float(sigmoid[1]) < 30 < float(relu[1])
    assert "robust regression" in said.out
    assert str(page) in said.out
    assert "30/30" in said.err
    html = page.read_text()
    assert html.count("<svg") == 5
    assert not re.search(r'(?:src|href)="(?!#|data:)', html)
    assert "{{" not in html


def test_quiet_prints_only_where_the_page_is(tmp_path, capsys):
    assert cli.main(["demo", "--epochs", "1", "--quiet", "--output", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert said.out == f"{tmp_path / 'fastnn-demo.html'}\n"
    assert said.err == ""
    assert (tmp_path / "fastnn-demo.html").exists()


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["demo", "--output", "missing/page.html"], 1, r"cannot write missing/page.html: No such file or directory"),
        (["demo", "--epochs", "0"], 2, r"argument --epochs: '0' is not a positive whole number"),
        (["demo", "--epochs", "many"], 2, r"argument --epochs: 'many' is not a positive whole number"),
        (["demo", "--seed", "-1"], 2, r"argument --seed: "),
        (["demo", "--colour"], 2, r"unrecognized arguments: --colour"),
        (["bake"], 2, r"invalid choice: 'bake'"),
        ([], 2, r"the following arguments are required"),
    ],
)
def test_errors_are_one_line(arguments, status, message, tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "fastnn", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == status
    assert re.search(message, run.stderr)
    assert run.stderr.count("\n") == 1
    assert run.stdout == ""
    assert list(tmp_path.iterdir()) == []
