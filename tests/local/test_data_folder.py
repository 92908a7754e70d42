import os
from pathlib import Path

import pytest

from web.local.errors import StartError
from web.local.folder import load_secrets, locked, make_folder

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")


def test_secrets_are_made_once_and_are_for_our_eyes_only(tmp_path):
    made = load_secrets(tmp_path)
    assert load_secrets(tmp_path) == made
    assert len(made.secret_key) >= 32
    assert len(made.callback_secret) >= 16
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert made.secret_key not in repr(made)


def test_two_folders_have_different_secrets(tmp_path):
    one, other = make_folder(tmp_path / "one"), make_folder(tmp_path / "other")
    assert load_secrets(one) != load_secrets(other)


def test_secrets_that_cannot_be_read_are_not_replaced(tmp_path):
    (tmp_path / "secrets.json").write_text("{")
    with pytest.raises(StartError, match=r"secrets\.json cannot be read"):
        load_secrets(tmp_path)
    assert (tmp_path / "secrets.json").read_text() == "{"


def test_a_second_run_in_the_same_folder_hears_of_the_first(tmp_path):
    with (
        locked(tmp_path),
        pytest.raises(StartError, match=rf"process {os.getpid()}\) is using {tmp_path}"),
        locked(tmp_path),
    ):
        pass
    with locked(tmp_path):
        pass


@needs_root
def test_a_folder_of_another_user_is_left_to_them(tmp_path):
    with locked(tmp_path):
        os.chown(tmp_path / "lock", 65534, 65534)
    with pytest.raises(StartError, match="belongs to nobody: run as nobody, or set ZAMU_DATA_DIR"), locked(tmp_path):
        pass


def test_an_ordinary_user_cannot_use_a_folder_of_another(python, ordinary_user, scratch):
    if "prefix" not in ordinary_user:
        pytest.skip("the suite is not root, so there is no folder of another user")
    script = """
        from pathlib import Path
        from web.local.errors import StartError
        from web.local.folder import locked
        try:
            with locked(Path(sys.argv[1])):
                pass
        except StartError as error:
            print(error)
        """
    output, errors = python(script, scratch, **ordinary_user).communicate(timeout=30)
    assert "cannot be used (Permission denied): set ZAMU_DATA_DIR" in output
    assert errors == ""


def test_a_folder_that_was_there_keeps_its_mode(tmp_path):
    folder = tmp_path / "srv"
    folder.mkdir()
    folder.chmod(0o1777)
    make_folder(folder)
    assert folder.stat().st_mode & 0o7777 == 0o1777


def test_a_file_in_the_way_is_named(tmp_path):
    in_the_way: Path = tmp_path / "file"
    in_the_way.touch()
    with pytest.raises(StartError, match=f"The folder {in_the_way}/data cannot be used"):
        make_folder(in_the_way / "data")
