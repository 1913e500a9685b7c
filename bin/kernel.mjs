/**
 * The kernel: code that runs in every stage and gives results their form. It counts in keys by `FORMAT` (`cache/Key.ts`), which
 * golden keys and golden bytes force to be raised, and not by its text: an edit of the engine would compute everything again.
 * Everything else that a stage reaches counts by its text.
 */
export const codecs = [
  "ArrowFile",
  "ArrowReader",
  "ArrowTable",
  "Artifact",
  "BoundedFile",
  "BoundedJson",
  "Bundle",
  "CanonicalJson",
  "Checkpoint",
  "Chunker",
  "Column",
  "ColumnValues",
  "Digest",
  "Document",
  "EventLoop",
  "Explained",
  "Figure",
  "Files",
  "FlatBuffer",
  "Masked",
  "OpenFiles",
  "SchemaRefusal",
  "Text",
  "Verified"
].map((name) => `artifacts/${name}.ts`)

/** Faces of the package that only say where the kernel lies. */
const FACES = ["api/headrace.ts", "api/kind.ts", "api/project.ts"]

/** Whether a file of the program, by its name as a source, belongs to the kernel. */
export const isKernel = (path) =>
  /^(engine|cache|kinds|project)\//.test(path) || FACES.includes(path) || codecs.includes(path)

/** The same as the bundler is told to leave them out. */
export const KERNEL_PACKAGES = ["effect", "@effect/*", "apache-arrow"]

/** Packages that the kernel stands on; `FORMAT` counts for them as well. */
export const isKernelPackage = (name) => /^(effect|@effect\/.*|apache-arrow)$/.test(name)

/** A package whose version is among the facts of whoever computes with it: a machine may be without, and names another fact. */
export const isFact = (name) => name === "onnxruntime-node"

/**
 * Packages that others use to be installed, unpacked, started or logged with. They compute nothing, so that another package's
 * import of one does not count; the project's own import does.
 */
const SERVING = new Set([
  "@mapbox/node-pre-gyp",
  "adm-zip",
  "detect-libc",
  "google-protobuf",
  "https-proxy-agent",
  "node-fetch",
  "progress",
  "rimraf",
  "semver",
  "tar",
  "yargs"
])
export const isServing = (name) => SERVING.has(name)
