"""Targets of doubles are read from the text of test files."""

from __future__ import annotations

import textwrap

import pytest

from pytest_integration_gate.reality.mentions import doubled_names

IMPORTS = """
import subprocess
import os.path
import shop.api as api
import unittest.mock
from unittest import mock
from unittest.mock import MagicMock, Mock, create_autospec, patch
from shop import repository
from shop.repository import UserRepo, find as find_user

MODULE = "shop.api"
CLIENT: str = MODULE + ".client"
"""


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ('patch("shop.api.get")', {"shop.api.get"}),
        ('@patch("shop.api.get", return_value=1)\ndef test(get): ...', {"shop.api.get"}),
        ('with mock.patch("shop.api.get"), unittest.mock.patch("shop.api.put"): ...', {"shop.api.get", "shop.api.put"}),
        ('mocker.patch("shop.api.get")', {"shop.api.get"}),
        ('patch(target="shop.api.get")', {"shop.api.get"}),
        ('patch.object(UserRepo, "get")', {"shop.repository.UserRepo.get"}),
        ('mocker.patch.object(repository.UserRepo, "get")', {"shop.repository.UserRepo.get"}),
        ('patch.object(target=UserRepo, attribute="get")', {"shop.repository.UserRepo.get"}),
        ('mocker.spy(repository, "find")', {"shop.repository.find"}),
        ('patch.object(api.session, "get")', {"shop.api.session.get"}),
        ('patch.object(os.path, "exists")', {"os.path.exists"}),
        ('monkeypatch.setattr("shop.api.get", lambda: 1)', {"shop.api.get"}),
        ('monkeypatch.setattr(subprocess, "run", fake)', {"subprocess.run"}),
        ('monkeypatch.setattr(UserRepo, "get", fake)', {"shop.repository.UserRepo.get"}),
        ('patch.multiple("shop.api", get=DEFAULT, put=1, autospec=True)', {"shop.api.get", "shop.api.put"}),
        ("patch.multiple(api, get=DEFAULT)", {"shop.api.get"}),
        ("Mock(spec=UserRepo)", {"shop.repository.UserRepo.*"}),
        ("MagicMock(spec_set=repository.UserRepo)", {"shop.repository.UserRepo.*"}),
        ("create_autospec(UserRepo, instance=True)", {"shop.repository.UserRepo.*"}),
        ("mocker.create_autospec(UserRepo)", {"shop.repository.UserRepo.*"}),
        ("Mock(UserRepo)", {"shop.repository.UserRepo.*"}),
        ("Mock(wraps=UserRepo(1))", {"shop.repository.UserRepo.*"}),
        ("Mock(spec=find_user)", {"shop.repository.find.*"}),
        ('patch(f"{MODULE}.get")', {"shop.api.get"}),
        ('patch(MODULE + ".get")', {"shop.api.get"}),
        ('patch(CLIENT + ".get")', {"shop.api.client.get"}),
        ('patch(f"{api.__name__}.get")', {"shop.api.get"}),
        ('patch("shop." "api.get")', {"shop.api.get"}),
        ("patch(name)", set()),
        ('patch(f"{name}.get")', set()),
        ("Mock(return_value=1)", set()),
        ('monkeypatch.setattr(thing, "get", 1)', set()),
        ('patch.dict("os.environ", A="b")', set()),
        ('client.patch("/users/1")', set()),
        ('client.patch("https://api.example.com/users/1")', set()),
    ],
)
def test_forms(code, names):
    """Each way to make a double gives its target, and what cannot be read gives nothing."""
    assert doubled_names(IMPORTS + code, "test_it.py") == names


def test_imports_inside_functions_count():
    """Tests often import what they double where they need it."""
    code = """
        def test_it(mocker):
            from shop.mail import Mailer
            mocker.patch.object(Mailer, "send")
    """
    assert doubled_names(textwrap.dedent(code), "test_it.py") == {"shop.mail.Mailer.send"}


@pytest.mark.parametrize("source", ["def broken(: patch", "patch = '\0'", "x = 1", ""])
def test_files_without_doubles_or_sense(source):
    """What does not parse or has no doubles gives nothing and raises nothing."""
    assert doubled_names(source, "test_it.py") == frozenset()
