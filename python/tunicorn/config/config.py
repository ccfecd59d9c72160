"""The settings as Python code sees them: `server.cfg`, `worker.cfg`, and `gunicorn.config.Config`.

In a server it holds the settings that the arbiter has resolved, and the objects of the config file that JSON cannot
carry. A program may create one without an arbiter: then it holds the defaults of the settings table.
"""

from __future__ import annotations

import copy
import json
import os
from typing import Any, Dict, List, Mapping, Optional

from tunicorn.config.hooks import ARITIES, default_hook
from tunicorn.config.own_worker_class import worker_type
from tunicorn.config.setting_kinds import checked
from tunicorn.hook_objects.listener_object import parse_address

DEFAULTS_FILE = os.path.join(os.path.dirname(__file__), "setting_defaults.json")

# Hooks cannot be given on the command line; their entries in the table are documentation.
_HOOK: Dict[str, Any] = {"section": "Server Hooks", "flags": [], "summary": "", "kind": "hook"}

_declarations: Optional[Dict[str, Dict[str, Any]]] = None


class Setting:
    """One setting of one Config, declared in the arbiter's table."""

    def __init__(self, name: str, declaration: Mapping[str, Any]) -> None:
        self.name = name
        self.section: str = declaration["section"]
        self.cli: List[str] = declaration["flags"]
        self.short: str = declaration["summary"]
        self.kind: str = declaration["kind"]
        self.default: Any = _default(name, declaration)
        self.value: Any = self.default
        self._declaration = declaration

    def __init_subclass__(cls) -> None:
        raise TypeError(
            f"{cls.__name__}: custom settings have no effect: the table of settings belongs to the arbiter; "
            "read the value from the environment, or from the command line before the server starts"
        )

    def get(self) -> Any:
        return self.value

    def set(self, value: Any) -> None:
        """Raises ValueError or TypeError for an invalid value."""
        self.value = checked(self.name, self._declaration, value)

    def __repr__(self) -> str:
        return f"<Setting {self.name}={self.value!r}>"


class Config:
    def __init__(self, usage: Optional[str] = None, prog: Optional[str] = None) -> None:
        settings = {name: Setting(name, declaration) for name, declaration in declarations().items()}
        for name in ARITIES:
            settings.setdefault(name, Setting(name, _HOOK))
        # Not an assignment: __setattr__ guards the names of settings, as in Gunicorn.
        self.__dict__["settings"] = settings
        self.__dict__["usage"] = usage
        self.__dict__["prog"] = prog or "tunicorn"
        self.__dict__["env_orig"] = dict(os.environ)

    @classmethod
    def resolved(cls, values: Mapping[str, Any], objects: Mapping[str, Any]) -> Config:
        """`values` are the arbiter's, by name; `objects` is the config file's namespace, for values that are not JSON.

        Raises ValueError for an invalid hook.
        """
        config = cls()
        for name, value in values.items():
            setting = config.settings.get(name)
            if setting is None or name in ARITIES:
                continue
            if _has_mark(value):
                setting.value = objects.get(name, setting.default)
            else:
                # The arbiter has checked it; a second check might interpret it differently.
                setting.value = value
        for name in ARITIES:
            if objects.get(name) is not None:
                config._set_named(name, objects[name])
        return config

    def __getattr__(self, name: str) -> Any:
        settings: Dict[str, Setting] = self.__dict__.get("settings", {})
        if name not in settings:
            raise AttributeError(f"No configuration setting for: {name}")
        return settings[name].get()

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.settings:
            raise AttributeError("Invalid access!")
        super().__setattr__(name, value)

    def set(self, name: str, value: Any) -> None:
        if name not in self.settings:
            raise AttributeError(f"No configuration setting for: {name}")
        self.settings[name].set(value)

    def hook(self, name: str) -> Any:
        """The hook if it is set, else None; the default needs no call."""
        setting = self.settings[name]
        return setting.value if setting.value is not setting.default else None

    @property
    def hooks(self) -> List[str]:
        return [name for name in ARITIES if name in self.settings and self.hook(name) is not None]

    def get_cmd_args_from_env(self) -> List[str]:
        import shlex

        return shlex.split(os.environ.get("GUNICORN_CMD_ARGS", ""))

    def __str__(self) -> str:
        width = max(len(name) for name in self.settings)
        return "\n".join(f"{name:{width}} = {_shown(self.settings[name].value)}" for name in sorted(self.settings))

    # What Gunicorn computes from the settings.

    @property
    def worker_class_str(self) -> str:
        value = self.settings["worker_class"].get()
        if not isinstance(value, str):
            return str(value.__name__)
        # Gunicorn serves `sync` with threads in its gthread worker.
        return "gthread" if value == "sync" and self.threads > 1 else value

    @property
    def worker_class(self) -> Any:
        value = self.settings["worker_class"].get()
        return value if isinstance(value, type) else worker_type(value)

    @property
    def address(self) -> List[Any]:
        return [parse_address(text) for text in self.settings["bind"].get()]

    @property
    def uid(self) -> int:
        return int(self.settings["user"].get())

    @property
    def gid(self) -> int:
        return int(self.settings["group"].get())

    @property
    def proc_name(self) -> str:
        return str(self.settings["proc_name"].get() or self.settings["default_proc_name"].get())

    @property
    def logger_class(self) -> Any:
        value = self.settings["logger_class"].get() if "logger_class" in self.settings else None
        return value if isinstance(value, type) else logger_class_named(value)

    @property
    def is_ssl(self) -> bool:
        return bool(self._optional("certfile") or self._optional("keyfile"))

    @property
    def ssl_options(self) -> Dict[str, Any]:
        names = ["keyfile", "certfile", "cert_reqs", "ca_certs", "ciphers", "ssl_version"]
        names += ["suppress_ragged_eofs", "do_handshake_on_connect"]
        return {name: self.settings[name].get() for name in names if name in self.settings}

    @property
    def env(self) -> Dict[str, str]:
        pairs = [entry.partition("=") for entry in self.settings["raw_env"].get()]
        return {name: value for name, _, value in pairs}

    @property
    def sendfile(self) -> bool:
        """Unlike in Gunicorn, where True in the configuration file means off."""
        setting = self._optional("sendfile")
        if setting is not None:
            return bool(setting)
        text = os.environ.get("SENDFILE")
        return text is None or text.lower() in ("y", "1", "yes", "true")

    @property
    def reuse_port(self) -> bool:
        return bool(self._optional("reuse_port"))

    @property
    def paste_global_conf(self) -> Optional[Dict[str, str]]:
        pairs = [entry.replace("\\=", "\0").partition("=") for entry in self._optional("raw_paste_global_conf") or []]
        found = {name.replace("\0", "=").strip(): value.replace("\0", "=").strip() for name, _, value in pairs}
        return found or None

    def forwarded_allow_networks(self) -> List[Any]:
        return _networks(self.settings["forwarded_allow_ips"].get())

    def proxy_allow_networks(self) -> List[Any]:
        return _networks(self.settings["proxy_allow_ips"].get())

    def _optional(self, name: str) -> Any:
        setting = self.settings.get(name)
        return None if setting is None else setting.get()

    def _set_named(self, name: str, value: Any) -> None:
        try:
            self.set(name, value)
        except (TypeError, ValueError) as error:
            raise ValueError(f"Invalid value for {name}: {value}\n\nError: {error}") from error


def declarations() -> Dict[str, Dict[str, Any]]:
    """The settings table, as the TypeScript build has exported it."""
    global _declarations
    if _declarations is None:
        with open(DEFAULTS_FILE, encoding="utf-8") as file:
            _declarations = json.load(file)
    return _declarations


def _default(name: str, declaration: Mapping[str, Any]) -> Any:
    if name in ARITIES:
        return default_hook(name)
    environment = declaration.get("environment")
    if environment is not None:
        text = os.environ.get(environment["variable"])
        if text is not None and (text != "" or environment["whenEmpty"] == "value"):
            return checked(name, declaration, environment["value"].replace("$" + environment["variable"], text))
    source = declaration.get("defaultFrom")
    if source == "cwd":
        return os.getcwd()
    if source == "userId":
        return os.geteuid()
    if source == "groupId":
        return os.getegid()
    return copy.deepcopy(declaration.get("default"))


def _has_mark(value: Any) -> bool:
    """Whether config_file.py has replaced an object that is not JSON by a description."""
    if isinstance(value, dict):
        return "$callable" in value or "$repr" in value or any(_has_mark(item) for item in value.values())
    return isinstance(value, list) and any(_has_mark(item) for item in value)


def logger_class_named(name: Any) -> Any:
    """src/settings/for-processes/log-writer.ts has the same names for Gunicorn's own class."""
    plain = name[len("egg:gunicorn#") :] if str(name).lower().startswith("egg:gunicorn#") else name
    return _import_class("gunicorn.glogging.Logger" if plain in (None, "simple") else str(plain))


def _import_class(dotted: str) -> Any:
    import importlib

    module_name, _, name = dotted.replace(":", ".").rpartition(".")
    return getattr(importlib.import_module(module_name), name)


def _networks(entries: List[str]) -> List[Any]:
    import ipaddress

    return [ipaddress.ip_network(entry, strict=False) for entry in entries if entry != "*"]


def _shown(value: Any) -> str:
    return f"<{value.__qualname__}()>" if callable(value) else str(value)
