//! The X server as the person before it meets it: windows and their titles, the focus, keys, and a picture of it all.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ClientMessageEvent, ConnectionExt as _, CreateWindowAux, EventMask, ImageFormat, Keycode,
    PropMode, WindowClass,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::{DefaultStream, RustConnection};
use x11rb::wrapper::ConnectionExt as _;
use x11rb::{COPY_FROM_PARENT, CURRENT_TIME};

use super::desktop::PATIENCE;

/// Dots per inch at the usual size of text.
const USUAL_DPI: u32 = 96;
const POLL: Duration = Duration::from_millis(10);
const KEY_PRESS: u8 = 2;
const KEY_RELEASE: u8 = 3;

/// Keys by their X keysyms.
pub(crate) mod key {
    pub(crate) const TAB: u32 = 0xff09;
    pub(crate) const ENTER: u32 = 0xff0d;
    pub(crate) const ESCAPE: u32 = 0xff1b;
    pub(crate) const F4: u32 = 0xffc1;
    pub(crate) const SPACE: u32 = 0x20;
    pub(crate) const SHIFT: u32 = 0xffe1;
    pub(crate) const ALT: u32 = 0xffe9;
}

/// A connection of the person's own.
pub(crate) struct Screen {
    x: RustConnection,
    root: u32,
}

/// A window that the window manager keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    id: u32,
    pub(crate) title: String,
}

impl Screen {
    /// Waits until a window manager is there: without one nothing has a frame, a focus, or a way to be closed.
    pub(crate) fn of(display: &str) -> Self {
        let (x, number) = x11rb::connect(Some(display)).unwrap();
        Self::over(x, number)
    }

    /// The same, for a server whose socket is somewhere else than usual.
    pub(crate) fn at(socket: &Path) -> Self {
        let (stream, _) = DefaultStream::from_unix_stream(UnixStream::connect(socket).unwrap()).unwrap();
        Self::over(RustConnection::connect_to_stream(stream, 0).unwrap(), 0)
    }

    fn over(x: RustConnection, number: usize) -> Self {
        let root = x.setup().roots[number].root;
        let screen = Self { x, root };
        until("a window manager", || screen.numbers(root, "_NET_SUPPORTING_WM_CHECK").first().copied());
        screen
    }

    /// Waits until the window manager keeps windows, which may be long after it has said that it is there. Events that
    /// openbox reads before that lie in its queue until another one comes.
    pub(crate) fn until_windows_are_kept(&self) {
        let id = self.create_window("");
        let name = self.atom("A_TEST_WAITS");
        let kept = || {
            self.x.change_property8(PropMode::REPLACE, self.root, name, AtomEnum::STRING, &[]).unwrap();
            self.windows().iter().any(|shown| shown.id == id).then_some(())
        };
        until("a window that is kept", kept);
        self.x.destroy_window(id).unwrap().check().unwrap();
        until("the end of that window", || self.windows().is_empty().then_some(()));
    }

    /// Has programs that start from now on show text this many times as large.
    pub(crate) fn enlarge_text(&self, times: u32) {
        let resources = format!("Xft.dpi:\t{}\n", USUAL_DPI * times);
        let name = AtomEnum::RESOURCE_MANAGER;
        self.x
            .change_property8(PropMode::REPLACE, self.root, name, AtomEnum::STRING, resources.as_bytes())
            .unwrap()
            .check()
            .unwrap();
    }

    /// The windows, in the order in which they came.
    pub(crate) fn windows(&self) -> Vec<Shown> {
        let ids = self.numbers(self.root, "_NET_CLIENT_LIST");
        ids.into_iter().map(|id| Shown { id, title: self.title(id) }).collect()
    }

    /// The window whose title contains this, as soon as it is there.
    #[track_caller]
    pub(crate) fn window(&self, title: &str) -> Shown {
        let found = || self.windows().into_iter().find(|shown| shown.title.contains(title));
        until(&format!("a window {title:?}"), found)
    }

    /// Waits until no window has a title that contains this.
    #[track_caller]
    pub(crate) fn until_gone(&self, title: &str) {
        let gone = || self.windows().iter().all(|shown| !shown.title.contains(title)).then_some(());
        until(&format!("the end of window {title:?}"), gone);
    }

    /// Whether it stays above other windows.
    pub(crate) fn is_above(&self, window: &Shown) -> bool {
        self.numbers(window.id, "_NET_WM_STATE").contains(&self.atom("_NET_WM_STATE_ABOVE"))
    }

    /// Its width and height.
    pub(crate) fn size(&self, window: &Shown) -> (u16, u16) {
        let geometry = self.x.get_geometry(window.id).unwrap().reply().unwrap();
        (geometry.width, geometry.height)
    }

    /// The cross in its title bar, or Alt+F4.
    pub(crate) fn close(&self, window: &Shown) {
        self.tell(window.id, "_NET_CLOSE_WINDOW", [CURRENT_TIME, 2, 0, 0, 0]);
    }

    /// Clicks on its entry in a task bar, and waits until it has the focus.
    #[track_caller]
    pub(crate) fn focus(&self, window: &Shown) {
        self.tell(window.id, "_NET_ACTIVE_WINDOW", [2, CURRENT_TIME, 0, 0, 0]);
        self.until_focused(window);
    }

    #[track_caller]
    pub(crate) fn until_focused(&self, window: &Shown) {
        let focused = || (self.numbers(self.root, "_NET_ACTIVE_WINDOW") == [window.id]).then_some(());
        until(&format!("the focus on {:?}", window.title), focused);
    }

    /// Opens a window of some other program, which takes the focus. It closes with this screen.
    pub(crate) fn open_another(&self, title: &str) -> Shown {
        let id = self.create_window(title);
        let kept = || self.windows().into_iter().find(|shown| shown.id == id);
        let shown = until("the other window", kept);
        self.focus(&shown);
        shown
    }

    fn create_window(&self, title: &str) -> u32 {
        let id = self.x.generate_id().unwrap();
        let looks = CreateWindowAux::new().event_mask(EventMask::KEY_PRESS);
        let class = WindowClass::INPUT_OUTPUT;
        self.x.create_window(0, id, self.root, 0, 0, 200, 100, 0, class, COPY_FROM_PARENT, &looks).unwrap();
        self.x
            .change_property8(PropMode::REPLACE, id, AtomEnum::WM_NAME, AtomEnum::STRING, title.as_bytes())
            .unwrap();
        self.x.map_window(id).unwrap();
        self.x.flush().unwrap();
        id
    }

    /// Presses these keys together, as Shift+Tab, and releases them.
    pub(crate) fn press(&self, keys: &[u32]) {
        let codes: Vec<Keycode> = keys.iter().map(|key| self.code(*key).0).collect();
        for code in &codes {
            self.fake(KEY_PRESS, *code);
        }
        for code in codes.iter().rev() {
            self.fake(KEY_RELEASE, *code);
        }
    }

    /// Presses these keys together and does not let go.
    pub(crate) fn hold(&self, keys: &[u32]) {
        for key in keys {
            self.fake(KEY_PRESS, self.code(*key).0);
        }
    }

    pub(crate) fn release(&self, keys: &[u32]) {
        for key in keys.iter().rev() {
            self.fake(KEY_RELEASE, self.code(*key).0);
        }
    }

    /// Types a text of letters, digits and signs that the keyboard has.
    pub(crate) fn write(&self, text: &str) {
        for letter in text.chars() {
            let keysym = u32::from(letter);
            if self.code(keysym).1 { self.press(&[key::SHIFT, keysym]) } else { self.press(&[keysym]) }
        }
    }

    /// A PNG of the whole screen.
    pub(crate) fn picture(&self) -> Vec<u8> {
        let all = self.x.get_geometry(self.root).unwrap().reply().unwrap();
        self.picture_of_place(0, 0, all.width, all.height)
    }

    /// A PNG of what is in a window, which nothing may cover.
    pub(crate) fn picture_of(&self, window: &Shown) -> Vec<u8> {
        let (width, height) = self.size(window);
        let place = self.x.translate_coordinates(window.id, self.root, 0, 0).unwrap().reply().unwrap();
        self.picture_of_place(place.dst_x, place.dst_y, width, height)
    }

    fn picture_of_place(&self, x: i16, y: i16, width: u16, height: u16) -> Vec<u8> {
        let image = self.x.get_image(ImageFormat::Z_PIXMAP, self.root, x, y, width, height, u32::MAX);
        let image = image.unwrap().reply().unwrap();
        assert_eq!(image.depth, 24, "Xvfb was started with it");
        let pixels: Vec<u8> =
            image.data.chunks_exact(4).flat_map(|bgrx| [bgrx[2], bgrx[1], bgrx[0]]).collect();
        let mut picture = Vec::new();
        let mut encoder = png::Encoder::new(&mut picture, width.into(), height.into());
        encoder.set_color(png::ColorType::Rgb);
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
        picture
    }

    /// The key for a keysym, and whether it needs Shift.
    #[track_caller]
    fn code(&self, keysym: u32) -> (Keycode, bool) {
        let setup = self.x.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let mapping = self.x.get_keyboard_mapping(first, last - first + 1).unwrap().reply().unwrap();
        let keys = mapping.keysyms.chunks(mapping.keysyms_per_keycode.into()).zip(first..=last);
        let place = |level: usize| {
            keys.clone().find(|(keysyms, _)| keysyms.get(level) == Some(&keysym)).map(|(_, code)| code)
        };
        place(0).map(|code| (code, false)).or_else(|| place(1).map(|code| (code, true))).expect("such a key")
    }

    fn fake(&self, kind: u8, code: Keycode) {
        self.x.xtest_fake_input(kind, code, CURRENT_TIME, self.root, 0, 0, 0).unwrap().check().unwrap();
    }

    fn title(&self, id: u32) -> String {
        let utf8 = self.property(id, self.atom("_NET_WM_NAME"));
        let bytes = if utf8.is_empty() { self.property(id, AtomEnum::WM_NAME.into()) } else { utf8 };
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The 32-bit values of a property; none when the window or the property is gone.
    fn numbers(&self, id: u32, property: &str) -> Vec<u32> {
        let bytes = self.property(id, self.atom(property));
        bytes.chunks_exact(4).map(|bytes| u32::from_ne_bytes(bytes.try_into().unwrap())).collect()
    }

    fn property(&self, id: u32, property: Atom) -> Vec<u8> {
        let asked = self.x.get_property(false, id, property, AtomEnum::ANY, 0, 1024).unwrap();
        asked.reply().map(|reply| reply.value).unwrap_or_default()
    }

    fn atom(&self, name: &str) -> Atom {
        self.x.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom
    }

    /// A request to the window manager.
    fn tell(&self, id: u32, message: &str, data: [u32; 5]) {
        let event = ClientMessageEvent::new(32, id, self.atom(message), data);
        let to = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
        self.x.send_event(false, self.root, to, event).unwrap().check().unwrap();
    }
}

/// What is found, as soon as it is.
#[track_caller]
pub(super) fn until<T>(what: &str, find: impl Fn() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(POLL);
    }
}
