/** What an archive's entries can be that a dataset has no use for, one kind of them. */
export interface Fault {
  /** One of them, such as "a hard link", and several, such as "hard links". */
  readonly one: string
  readonly many: string
  readonly expected: string
  readonly fix: string
}

const onlyFiles = "only regular files and folders"
const deviceFix = "Pack it again without devices and pipes."

export const symbolicLink: Fault = {
  one: "a symbolic link",
  many: "symbolic links",
  expected: onlyFiles,
  fix: "Pack it again with what they point to: tar -h, or zip without --symlinks."
}

export const hardLink: Fault = {
  one: "a hard link",
  many: "hard links",
  expected: onlyFiles,
  fix: "Pack it again with GNU tar --hard-dereference, which packs each as a file of its own (tar -h does not)."
}

export const device: Fault = { one: "a device", many: "devices", expected: onlyFiles, fix: deviceFix }
export const pipe: Fault = { one: "a pipe", many: "pipes", expected: onlyFiles, fix: deviceFix }
export const sparse: Fault = {
  one: "a sparse file",
  many: "sparse files",
  expected: onlyFiles,
  fix: "Pack it again without --sparse (-S)."
}

export const continuation: Fault = {
  one: "a part of a file that began in another volume",
  many: "parts of files that began in another volume",
  expected: "a whole archive",
  fix: "Unpack all volumes together and give the folder."
}

export const encrypted: Fault = {
  one: "an encrypted entry",
  many: "encrypted entries",
  expected: "entries that need no password",
  fix: "Unpack it with its password and give the folder."
}

export const twice: Fault = {
  one: "a second entry of one path",
  many: "second entries of one path",
  expected: "one of each path",
  fix: "Pack it again."
}

export const unnamed: Fault = {
  one: "a name that is not UTF-8",
  many: "names that are not UTF-8",
  expected: "names in UTF-8, for two of these could become one",
  fix: "Rename the files (convmv -f latin1 -t utf8 -r --notest FOLDER) and pack them again."
}

export const longPath: Fault = {
  one: "a path of more than 4096 bytes",
  many: "paths of more than 4096 bytes",
  expected: "paths that a file system can hold",
  fix: "Pack it again with shorter names."
}

/** An entry beyond the limit of unpacked bytes. */
export const tooLarge = (most: number): Fault => ({
  one: `an entry of more than ${most} bytes`,
  many: `entries of more than ${most} bytes`,
  expected: `at most ${most}`,
  fix: "Unpack it and give the folder if such files belong there."
})

/** An entry that is packed in a way that nothing here unpacks. */
export const packedBy = (method: string): Fault => ({
  one: `an entry packed by ${method}`,
  many: `entries packed by ${method}`,
  expected: "entries stored, or packed by deflate",
  fix: "Unpack it and give the folder, or pack it again with zip -Z deflate."
})
