//! `hubbub-attendee`.

fn main() {
    std::process::exit(hubbub_attendee::attend(std::env::args().skip(1)));
}
