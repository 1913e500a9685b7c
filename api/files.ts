/**
 * Files that lie outside of a project's cache: the package's part `headrace/files`, for sources, which find and digest them, and for
 * stages, which read them.
 *
 * @module
 */
export * as BoundedFile from "../artifacts/BoundedFile.ts"
export * as BoundedJson from "../artifacts/BoundedJson.ts"
export * as CanonicalJson from "../artifacts/CanonicalJson.ts"
export * as AtomicFile from "../files/AtomicFile.ts"
export { type Digested, type DigestedFile, FileDigests } from "../files/FileDigests.ts"
export * as FolderListing from "../files/FolderListing.ts"
export { hashFile, hashFiles, smallBytes } from "../files/HashFiles.ts"
export type { OnProgress } from "../files/Progress.ts"
export {
  FileTooLarge,
  reason,
  SourceChanged,
  SourceRefused,
  SourceUnreadable,
  TemporaryUnwritable,
  unreadable
} from "../files/SourceError.ts"
export { isSystem, LeftOut } from "../files/SystemFiles.ts"
export { type LocalFile, local, readLocal, readLocalFolder } from "./local-file.ts"
