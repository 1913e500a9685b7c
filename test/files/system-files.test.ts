import { gzipSync } from "node:zlib"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as FolderListing from "../../files/FolderListing.ts"
import { isSystem, LeftOut } from "../../files/SystemFiles.ts"
import * as DatasetReader from "../../images/services/DatasetReader.ts"
import { digests, files, onDisk, type Packed, tar, zip } from "../rig/archives.ts"

const pets = ["train/cat/0.png", "train/dog/0.png", "test/cat/0.png", "test/dog/0.png"]

/** As a file or folder of the system would lie beside a user's: images among them, which would be taken for the dataset's. */
const systems = [
  "train/cat/@eaDir/0.png/SYNOPHOTO_THUMB_M.jpg",
  "train/dog/@eaDir/0.png/SYNOPHOTO_THUMB_M.jpg",
  "#recycle/cat/old.png",
  "#snapshot/GMT-1/train/cat/0.png",
  "@Recycle/old.png",
  "$RECYCLE.BIN/S-1-5-21/$R1.png",
  "$Recycle.Bin/S-1-5-22/$R1.png",
  "System Volume Information/x.png",
  "lost+found/0.png",
  ".ipynb_checkpoints/0-checkpoint.png",
  "train/cat/.ipynb_checkpoints/0-checkpoint.png",
  "__MACOSX/train/cat/._0.png",
  "train/cat/._0.png",
  "train/cat/._1.png",
  "train/cat/.DS_Store",
  "train/cat/Thumbs.db",
  "train/cat/THUMBS.DB",
  "train/cat/desktop.ini",
  ".Trash-1000/files/0.png",
  ".Trashes/501/0.png",
  ".git/objects/0.png",
  ".dvc/cache/0.png",
  "__pycache__/x.png"
]
const entries: ReadonlyArray<Packed> = [...pets, ...systems].map((path) => ({ path, bytes: path }))

describe("what systems put into folders", () => {
  it.effect("is no part of a folder, a tar or a zip, all by one list", () =>
    Effect.gen(function* () {
      for (const at of [
        onDisk("pets", entries),
        onDisk("pets.tar", tar(entries)),
        onDisk("pets.tgz", gzipSync(tar(entries))),
        onDisk("pets.zip", zip(entries))
      ]) {
        const tree = yield* DatasetReader.tree(yield* files(at))
        expect(tree.entries.map(({ path }) => path).sort()).toEqual([...pets].sort())
      }
    }).pipe(Effect.provide(digests))
  )

  it.effect("is counted: of a folder when it is listed, a folder once, of an archive by its files", () =>
    Effect.gen(function* () {
      const { leftOut } = yield* FolderListing.list(onDisk("pets", entries))
      expect(leftOut.text).toMatch(
        /^23 files and folders of the system are left out: \._\* \(2\), \.ipynb_checkpoints \(2\), @eaDir \(2\), /
      )
      const archive = yield* DatasetReader.tree(yield* files(onDisk("pets.zip", zip(entries))))
      expect(archive.leftOut.text).toContain("@eaDir (2)")
      const clean = yield* FolderListing.list(
        onDisk(
          "pets",
          pets.map((path) => ({ path, bytes: path }))
        )
      )
      expect(clean.leftOut.text).toBe(null)
    }).pipe(Effect.provide(digests))
  )

  it("names of classes and images are nobody's but the user's", () => {
    for (const name of ["cat", "recycle", "#h", "$x", "@home", "thumbs", "Desktop", "lost", "_0.png", "0.png"])
      expect(isSystem(name)).toBe(false)
  })

  it("is one thing in words where it is one", () => {
    const leftOut = new LeftOut()
    leftOut.add("@eaDir")
    expect(leftOut.text).toBe("1 file or folder of the system is left out: @eaDir.")
  })
})
