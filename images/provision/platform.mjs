/**
 * This machine in words, where TensorFlow's native libraries are not made for it; else null. `images/services/TensorflowInstall.ts`
 * tells the same to whoever needs them.
 */
export const unsupported = () => {
  const { platform, arch } = process
  if (platform !== "linux" || arch !== "x64") return `${platform} ${arch}`
  // Node tells the version of glibc where it runs on that, and nothing where it runs on musl
  return process.report.getReport().header.glibcVersionRuntime === undefined ? "linux x64 without glibc" : null
}
