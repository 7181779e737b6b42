"""What is written replaces a file as a whole, or not at all."""

import os
import resource
import stat
import subprocess
import sys

import numpy as np
import pytest

import fastnn as nn
from fastnn._core.files import replacing


def network(seed=0):
    return nn.ann.Network([20, 30, 3], nn.recommend("multiclass"), seed=seed)


@pytest.mark.parametrize("error", [OSError, MemoryError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("there", [True, False])
def test_the_old_file_survives(tmp_path, error, there):
    path = tmp_path / "file"
    if there:
        path.write_text("old")

    def write():
        with replacing(path) as file:
            file.write(b"half of the new o")
            raise error

    with pytest.raises(error):
        write()
    assert [one.name for one in tmp_path.iterdir()] == ["file"] * there
    assert not there or path.read_text() == "old"


def too_much(monkeypatch):
    def savez(file, **arrays):
        file.write(b"x" * 10)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", savez)


def test_a_network_survives_an_error_while_another_is_saved(tmp_path, monkeypatch):
    path = tmp_path / "network.npz"
    network().save(path)
    too_much(monkeypatch)
    with pytest.raises(OSError, match="No space left on device"):
        network(1).save(path)
    monkeypatch.undo()
    assert np.array_equal(nn.ann.Network.load(path).parameters, network().parameters)
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk(tmp_path):
    """A process that may not write files of more than 2000 bytes."""
    path = tmp_path / "network.npz"
    network().save(path)
    code = f"import fastnn as nn; nn.ann.Network([20, 30, 3], nn.recommend('multiclass'), seed=1).save({str(path)!r})"
    run = subprocess.run(
        [sys.executable, "-c", code],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "OSError: [Errno 27] File too large" in run.stderr
    assert np.array_equal(nn.ann.Network.load(path).parameters, network().parameters)
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_file_is_written_to_as_it_is():
    with pytest.raises(OSError, match="No space left on device"):
        network().save("/dev/full")
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


def test_links_and_permissions(tmp_path):
    (tmp_path / "folder").mkdir()
    real, link, plain = tmp_path / "folder" / "real.npz", tmp_path / "link.npz", tmp_path / "plain.npz"
    link.symlink_to(real)
    for attempt in range(2):  # first the link's file is missing
        network(attempt).save(link)
        assert link.is_symlink()
        assert np.array_equal(nn.ann.Network.load(real).parameters, network(attempt).parameters)
    network().save(plain)
    (tmp_path / "usual").touch()
    assert stat.S_IMODE(plain.stat().st_mode) == stat.S_IMODE((tmp_path / "usual").stat().st_mode)
    plain.chmod(0o640)
    network().save(plain)
    assert stat.S_IMODE(plain.stat().st_mode) == 0o640


def test_errors_name_the_file(tmp_path):
    for path in (tmp_path / "missing" / "network.npz", tmp_path):
        with pytest.raises(OSError, match=r"^\[Errno \d+\] ") as caught:
            network().save(path)
        assert caught.value.filename == str(path)
    assert list(tmp_path.iterdir()) == []


def test_paths_of_every_kind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in ("relative.npz", b"bytes.npz", tmp_path / ("long" * 60 + ".npz")):
        network().save(path)
        assert nn.ann.Network.load(path).sizes == (20, 30, 3)
