"""Watches what is loaded before the handler, for `windtunnel imports`: which module took how long by itself, and whose
import it was. With a list of names, these modules are put off where the function's own files import them, until
something of them is used, so that what such a change saves is measured and not guessed. Not part of a usual start.
"""

import sys
import time

MODULES_MAX = 5_000


class Watch:
    """Stands before all finders of modules and takes the time of each module's code."""

    def __init__(self, root, lazy):
        self.began = time.perf_counter()
        self.root = root.rstrip("/") + "/"
        self.lazy = frozenset(lazy)
        self.loaded = {}
        self.open = []
        self.since = self.began
        self.used = []
        self.running = True
        sys.meta_path.insert(0, self)

    def charge(self):
        now = time.perf_counter()
        if self.open and self.running:
            self.open[-1]["selfMs"] += (now - self.since) * 1000
        self.since = now

    def find_spec(self, name, path=None, target=None):
        parent = self.importer()
        self.charge()
        spec = next(filter(None, (self.asked(f, name, path, target) for f in list(sys.meta_path))), None)
        self.charge()
        loader = getattr(spec, "loader", None)
        if loader is None or not hasattr(loader, "exec_module"):
            return spec
        module = {
            "id": spec.name,
            "parent": parent,
            "specifier": name,
            "selfMs": 0.0,
            "order": len(self.loaded),
            "bytes": 0,
            "file": spec.origin if spec.has_location else None,
        }
        if name in self.lazy and self.is_own(parent):
            spec.loader = Later(self, spec, loader, module)
        else:
            spec.loader = Timed(self, loader, module)
        return spec

    def asked(self, finder, name, path, target):
        find = None if finder is self else getattr(finder, "find_spec", None)
        return None if find is None else find(name, path, target)

    def importer(self):
        """The module whose code asks: the first frame that is neither ours nor the import system's."""
        frame = sys._getframe(2)
        while frame is not None:
            name = frame.f_globals.get("__name__", "")
            if not name.startswith("importlib") and name != "_frozen_importlib" and name != __name__:
                return "" if name == "__main__" else name
            frame = frame.f_back
        return ""

    def is_own(self, name):
        """The function's own file: in the package, and not of a distribution that was installed into it."""
        if name == "":
            return False
        file = getattr(sys.modules.get(name), "__file__", None) or ""
        top = name.split(".", 1)[0]
        return file.startswith(self.root) and top not in self.installed()

    def installed(self):
        """Top-level names of the distributions beside the function's code."""
        if not hasattr(self, "_installed"):
            import os

            names = set()
            for folder in os.listdir(self.root):
                if not folder.endswith(".dist-info"):
                    continue
                try:
                    with open(self.root + folder + "/RECORD", encoding="utf-8") as lines:
                        names.update(line.split(",", 1)[0].split("/", 1)[0].removesuffix(".py") for line in lines)
                except OSError:
                    pass
            self._installed = names
        return self._installed

    def enter(self, module):
        self.charge()
        self.loaded.setdefault(module["id"], module)
        self.open.append(self.loaded[module["id"]])

    def leave(self):
        self.charge()
        self.open.pop()

    def end(self):
        import os

        ended = time.perf_counter()
        self.charge()
        self.running = False
        sys.meta_path.remove(self)
        modules = list(self.loaded.values())[:MODULES_MAX]
        for module in modules:
            try:
                module["bytes"] = os.stat(module["file"]).st_size if module["file"] else 0
            except OSError:
                pass
        own = [module["id"] for module in modules if self.is_own(module["id"])]
        return {
            "bootMs": self.boot_ms(),
            "loadMs": (ended - self.began) * 1000,
            "seesModules": True,
            "modules": modules,
            "own": own,
            "used": self.used,
        }

    def boot_ms(self):
        """From the process's start to ours, by the kernel's clock of hundredths of a second."""
        import os

        try:
            with open("/proc/self/stat", "rb") as stat:
                started = int(stat.read().rpartition(b")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
        except (OSError, ValueError):
            return 0.0
        passed = time.perf_counter() - self.began
        return max(0.0, (time.clock_gettime(time.CLOCK_BOOTTIME) - started - passed) * 1000)


class Timed:
    """A loader around another one."""

    def __init__(self, watch, loader, module):
        self.watch = watch
        self.inner = loader
        self.module = module

    def create_module(self, spec):
        create = getattr(self.inner, "create_module", None)
        return None if create is None else create(spec)

    def exec_module(self, module):
        spec = module.__spec__
        spec.loader = self.inner
        module.__loader__ = self.inner
        self.watch.enter(self.module)
        try:
            self.inner.exec_module(module)
        finally:
            self.watch.leave()

    def __getattr__(self, name):
        return getattr(self.inner, name)


class Later(Timed):
    """Leaves a module in the place of another one, which is loaded when something of it is used."""

    def __init__(self, watch, spec, loader, module):
        super().__init__(watch, loader, module)
        self.spec = spec

    def create_module(self, spec):
        return PutOff(spec.name, self)

    def exec_module(self, module):
        pass

    def load(self, name):
        stand_in = sys.modules.get(name)
        if not isinstance(stand_in, PutOff):
            return stand_in
        self.watch.used.append(name)
        spec = self.spec
        spec.loader = Timed(self.watch, self.inner, self.module)
        from importlib.util import module_from_spec

        real = module_from_spec(spec)
        sys.modules[name] = real
        spec.loader.exec_module(real)
        return real


class PutOff(type(sys)):
    """A module that is not there yet."""

    def __init__(self, name, later):
        super().__init__(name)
        self.__dict__["_later"] = later

    def __getattr__(self, name):
        later = self.__dict__["_later"]
        if name == "__path__":
            # `import a.b` needs it; `from a import b` only asks whether it is there
            asker = sys._getframe(1).f_globals.get("__name__", "")
            if "importlib" not in asker:
                raise AttributeError(name)
            return later.load(self.__name__).__path__
        if name.startswith("__"):
            return getattr(later.load(self.__name__), name)
        return Member(lambda: part_of(later.load(self.__name__), name))


def part_of(module, name):
    try:
        return getattr(module, name)
    except AttributeError:
        from importlib import import_module

        return import_module(f"{module.__name__}.{name}")


def passed_on(name):
    def method(self, *args, **kwargs):
        return getattr(self._get(), name)(*args, **kwargs)

    return method


class Member:
    """Something of a module that is not there yet."""

    __slots__ = ("_find", "_found")

    def __init__(self, find):
        object.__setattr__(self, "_find", find)

    def _get(self):
        try:
            return object.__getattribute__(self, "_found")
        except AttributeError:
            found = object.__getattribute__(self, "_find")()
            object.__setattr__(self, "_found", found)
            return found

    def __getattr__(self, name):
        return getattr(self._get(), name)

    def __setattr__(self, name, value):
        setattr(self._get(), name, value)

    def __call__(self, *args, **kwargs):
        return self._get()(*args, **kwargs)

    def __mro_entries__(self, bases):
        return (self._get(),)


for operator in (
    "str repr bytes len iter next getitem setitem contains bool hash eq ne lt le gt ge add sub mul truediv floordiv "
    "mod pow and or xor radd rsub rmul enter exit int float index instancecheck subclasscheck"
).split():
    setattr(Member, f"__{operator}__", passed_on(f"__{operator}__"))
