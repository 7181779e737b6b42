import functools
import os
import re
import signal
import subprocess
import sys
import time

import pytest

import fastnn.cli.demo
from fastnn import cli

COMMANDS = [["-m", "fastnn"], ["-c", "import sys, fastnn_command; sys.exit(fastnn_command.main())"]]


def run(*arguments, **options):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, **options)


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
    losses = [float(loss) for loss in re.findall(r"\([\d.]+\) +training loss +(\S+), +\d+ µs a step", said.out)]
    assert len(losses) == 12
    assert losses == sorted(losses)
    assert losses[-1] < 0.1
    assert str(page) in said.out
    assert "30/30" in said.err
    html = page.read_text()
    assert html.count("<svg") == 7
    assert not re.search(r'(?:src|href)="(?!#|data:)', html)
    assert "{{" not in html


def test_labels_are_moved_apart_and_no_farther():
    spread = fastnn.cli.demo.spread
    assert spread([9.0, 5.0, 1.0], 2.0) == [9.0, 5.0, 1.0]
    moved = spread([3.0, 3.0, 3.0, -9.0], 1.0)
    assert moved == pytest.approx([4.0, 3.0, 2.0, -9.0], abs=1e-3)


@pytest.fixture
def _no_pictures(monkeypatch):
    """Drawing takes most of the time of a short demonstration."""
    monkeypatch.setattr(fastnn.cli.demo, "svg", lambda figure: "<svg></svg>")


@pytest.mark.usefixtures("_no_pictures")
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
    said = run("-m", "fastnn", *arguments, cwd=tmp_path)
    assert said.returncode == status
    assert re.search(message, said.stderr)
    assert said.stderr.count("\n") == 1
    assert said.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", COMMANDS, ids=["-m", "script"])
@pytest.mark.parametrize("arguments", [["--version"], ["info"], ["demo", "--help"], []])
def test_a_build_that_does_not_exist_is_one_line(command, arguments):
    said = run(*command, *arguments, env={**os.environ, "FASTNN_ISA": "bogus"})
    assert said.returncode == 1
    assert "FASTNN_ISA is 'bogus'; accepted are avx512, avx2 and baseline" in said.stderr
    assert said.stderr.count("\n") == 1
    assert said.stdout == ""


@pytest.mark.parametrize("command", COMMANDS, ids=["-m", "script"])
def test_version(command):
    said = run(*command, "--version")
    assert (said.returncode, said.stdout, said.stderr) == (0, f"fastnn {fastnn.__version__}\n", "")


def test_the_command_is_the_one_that_is_tested():
    text = (cli.Path(__file__).parents[1] / "pyproject.toml").read_text()
    assert 'fastnn = "fastnn_command:main"' in text


@pytest.mark.parametrize("name", ["run_demo", "run_bench", "show_config"])
def test_an_interrupt_is_130_without_a_word(monkeypatch, capsys, name):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, name, interrupted)
    assert cli.main([{"run_demo": "demo", "run_bench": "bench", "show_config": "info"}[name]]) == 130
    assert capsys.readouterr() == ("", "")


def test_control_c_while_it_trains(tmp_path):
    command = [sys.executable, "-m", "fastnn", "demo", "--epochs", "1000000", "--output", str(tmp_path)]
    # A shell switches the signal off for what it starts in the background.
    listening = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, preexec_fn=listening, **pipes) as process:
        assert "digits" in process.stdout.readline()
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []


def test_output_that_nobody_takes():
    with open("/dev/full", "w") as full:
        said = subprocess.run(
            [sys.executable, "-m", "fastnn", "info"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (said.returncode, said.stderr) == (1, "fastnn: error: No space left on device\n")
    reader, writer = os.pipe()
    os.close(reader)
    said = subprocess.run(
        [sys.executable, "-m", "fastnn", "info"], stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)
    assert (said.returncode, said.stderr) == (1, "")


@pytest.mark.usefixtures("_no_pictures")
def test_the_old_page_survives_a_full_disk(tmp_path, monkeypatch, capsys):
    page = tmp_path / "page.html"
    page.write_text("old")

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert cli.main(["demo", "--epochs", "1", "--quiet", "--output", str(page)]) == 1
    assert capsys.readouterr().err == f"fastnn demo: error: cannot write {page}: No space left on device\n"
    assert page.read_text() == "old"
    assert list(tmp_path.iterdir()) == [page]
