"""Looks at an X screen through libX11: whether something with letters is in its middle.

Asking the app when it has painted would take its word for it.
"""

import ctypes
import ctypes.util

MIDDLE = 320  # pixels, both ways: inside the smallest consent window
LETTERS = 24  # shades; an empty page has one or two, smooth letters have many
ALL_PLANES = ctypes.c_ulong(-1)
Z_PIXMAP = 2


class Image(ctypes.Structure):
    """The beginning of XImage."""

    _fields_ = [
        ("width", ctypes.c_int),
        ("height", ctypes.c_int),
        ("xoffset", ctypes.c_int),
        ("format", ctypes.c_int),
        ("data", ctypes.POINTER(ctypes.c_char)),
        ("byte_order", ctypes.c_int),
        ("bitmap_unit", ctypes.c_int),
        ("bitmap_bit_order", ctypes.c_int),
        ("bitmap_pad", ctypes.c_int),
        ("depth", ctypes.c_int),
        ("bytes_per_line", ctypes.c_int),
    ]


class Screen:
    def __init__(self, display, width, height):
        self.x = ctypes.CDLL(ctypes.util.find_library("X11") or "libX11.so.6")
        self.x.XOpenDisplay.restype = ctypes.c_void_p
        self.x.XDefaultRootWindow.restype = ctypes.c_ulong
        self.x.XDefaultRootWindow.argtypes = [ctypes.c_void_p]
        self.x.XGetImage.restype = ctypes.POINTER(Image)
        self.x.XGetImage.argtypes = [
            ctypes.c_void_p,
            ctypes.c_ulong,
            *[ctypes.c_int] * 2,
            *[ctypes.c_uint] * 2,
            ctypes.c_ulong,
            ctypes.c_int,
        ]
        self.x.XCloseDisplay.argtypes = [ctypes.c_void_p]
        self.display = self.x.XOpenDisplay(display.encode())
        if not self.display:
            raise OSError(f"the X server at {display} does not answer")
        self.root = self.x.XDefaultRootWindow(self.display)
        self.corner = ((width - MIDDLE) // 2, (height - MIDDLE) // 2)

    def shows_letters(self):
        image = self.x.XGetImage(self.display, self.root, *self.corner, MIDDLE, MIDDLE, ALL_PLANES, Z_PIXMAP)
        shown = image.contents
        pixels = ctypes.string_at(shown.data, shown.bytes_per_line * shown.height)
        self.x.XDestroyImage(image)
        return len(set(memoryview(pixels).cast("I"))) >= LETTERS

    def close(self):
        self.x.XCloseDisplay(self.display)
