//! Compiles the frames of the signalling WebSocket from the server's own description of them.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = protox::compile(["proto/signal.proto"], ["proto"])?;
    prost_build::Config::new().compile_fds(files)?;
    println!("cargo:rerun-if-changed=proto/signal.proto");
    Ok(())
}
