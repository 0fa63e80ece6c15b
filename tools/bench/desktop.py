"""A throw-away desktop: an X server without a screen, a session bus on which nothing else runs, a window manager, a
panel and an unlocked keychain. Everything ends with it, by its own id."""

import os
import pathlib
import shutil
import subprocess
import tempfile

from programs import end, until
from screen import Screen

WIDTH, HEIGHT = 1280, 800
PANEL = "org.kde.StatusNotifierWatcher"
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={socket}</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>"""


class Desktop:
    def __enter__(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="jean-bridge-bench-"))
        self.processes = []
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if hasattr(self, "screen"):
            self.screen.close()
        for process in reversed(self.processes):
            end(process)
        shutil.rmtree(self.home, ignore_errors=True)

    def _start(self):
        directories = {
            "XDG_RUNTIME_DIR": "run",
            "XDG_CONFIG_HOME": ".config",
            "XDG_DATA_HOME": ".local/share",
            "XDG_CACHE_HOME": ".cache",
        }
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8", "NO_AT_BRIDGE": "1"}
        for name, directory in directories.items():
            (self.home / directory).mkdir(mode=0o700, parents=True)
            self.environment[name] = str(self.home / directory)

        configuration = self.home / "bus.conf"
        configuration.write_text(BUS.format(socket=self.home / "bus"))
        bus = self.start("dbus-daemon", "--nofork", "--print-address=1", f"--config-file={configuration}", answers=True)
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = bus
        # Without the display: it has nobody to ask.
        self.start("gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets", password=b"bench")
        size = f"{WIDTH}x{HEIGHT}x24"
        number = self.start("Xvfb", "-displayfd", "1", "-screen", "0", size, "-nolisten", "tcp", "-noreset", answers=True)
        self.environment["DISPLAY"] = f":{number}"
        managed = self.home / "managed"
        self.start("openbox", "--startup", f"touch {managed}")
        until(managed.exists, "the window manager")
        until(lambda: self.has("org.freedesktop.secrets"), "the keychain")
        # Plays a panel that takes every icon: without one the app would open its main window.
        self.start("dbus-test-tool", "echo", "--session", f"--name={PANEL}")
        until(lambda: self.has(PANEL), "the panel")
        self.screen = Screen(self.environment["DISPLAY"], WIDTH, HEIGHT)

    def has(self, name):
        """Whether somebody on the bus has this name."""
        call = f"--dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner string:{name}"
        command = ["dbus-send", "--session", "--print-reply", *call.split()]
        answer = subprocess.run(command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return b"boolean true" in answer.stdout

    def start(self, *command, answers=False, password=None):
        """Starts a server; `answers` says that its first line tells where it is."""
        process = subprocess.Popen(
            command,
            env=self.environment,
            stdin=subprocess.DEVNULL if password is None else subprocess.PIPE,
            stdout=subprocess.PIPE if answers else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.processes.append(process)
        if password is not None:
            process.stdin.write(password)
            process.stdin.close()
        return process.stdout.readline().decode().strip() if answers else None
