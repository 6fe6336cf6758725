// Loaded before the commands that run from source, by whatever Node is on the machine: so no TypeScript, nothing new.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 2)) {
  process.stderr.write(
    `This runs on Node 24.2 or newer, and this is ${process.versions.node}: run it by npm, after npm ci, which brings Node 24 along for Linux and Windows on x64 and Linux on arm64; elsewhere install Node 24.\n`,
  );
  process.exit(1);
}
