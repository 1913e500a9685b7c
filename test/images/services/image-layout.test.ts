import { describe, expect, it } from "@effect/vitest"
import { Either } from "effect"
import { explain } from "../../../artifacts/Explained.ts"
import { sentence, shown } from "../../../cli/command/option-text.ts"
import { layout } from "../../../images/services/ImageLayout.ts"
import * as SplitChoice from "../../../images/services/SplitChoice.ts"
import { splitNames } from "../../../images/services/SplitNames.ts"

const laidOut = (paths: ReadonlyArray<string>, testFraction = 0, splits = "auto") =>
  layout(
    "pets",
    paths.map((at) => ({ path: at, size: 1 })),
    { testFraction, splits: SplitChoice.of(splits) }
  )

/** Paths by split, with the classes and the notices. */
const splits = (paths: ReadonlyArray<string>, testFraction = 0, choice = "auto") => {
  const { classes, splits, notices } = Either.getOrThrow(laidOut(paths, testFraction, choice))
  const [train = [], validation = [], test = []] = splitNames.map((name) => splits[name].map(({ entry }) => entry.path))
  return { classes, train, validation, test, notices: notices.map(shown) }
}
/** The same as numbers, which is what a mistake about a split shows in. */
const counted = (paths: ReadonlyArray<string>, testFraction = 0.2, choice = "auto") => {
  const { classes, train, validation, test } = splits(paths, testFraction, choice)
  return { classes, images: [train.length, validation.length, test.length] }
}
const refused = (paths: ReadonlyArray<string>, testFraction = 0, choice = "auto") =>
  Either.match(laidOut(paths, testFraction, choice), {
    onLeft: (error) => sentence(explain(error)),
    onRight: () => "not refused"
  })

const of = (folder: string, classes: ReadonlyArray<string>, count: number, ending = "png") =>
  classes.flatMap((name) =>
    Array.from({ length: count }, (_, at) => `${folder === "" ? "" : `${folder}/`}${name}/${at}.${ending}`)
  )
const pets = ["cat", "dog"]

describe("folders of classes", () => {
  it("folders around everything are skipped, files beside the classes are left out", () => {
    const paths = ["data/v1/cat/1.jpg", "data/v1/dog/1.jpg", "data/v1/README.md", "data/v1/labels.csv"]
    expect(splits(paths)).toMatchObject({ classes: pets, train: paths.slice(0, 2), test: [] })
    expect(splits(["x/train/a/1.png", "x/train/b/1.png", "x/test/a/2.png"]).test).toEqual(["x/test/a/2.png"])
  })

  it("a licence, a document or a folder without images beside a wrapper doesn't hide what is in it", () => {
    for (const besides of ["LICENSE", "README.txt", "docs/about.md", "annotations/boxes.json"]) {
      const paths = [besides, ...of("pets/train", pets, 12), ...of("pets/test", pets, 5)]
      expect(counted(paths)).toEqual({ classes: pets, images: [24, 0, 10] })
    }
  })

  it("outer folders that all hold the same folders are classes, and it is said that they may be none", () => {
    const folds = ["fold1", "fold2", "fold3"].flatMap((fold) => of(fold, pets, 4))
    expect(counted(folds).classes).toEqual(["fold1", "fold2", "fold3"])
    expect(splits(folds).notices).toEqual([
      "fold1/, fold2/ and the others are taken for the classes, though each has the same folders inside (cat, dog). If those are the classes, say which of the outer ones count as what, such as --splits train=fold1,test=fold2."
    ])
    expect(counted(folds, 0.2, "train=fold1,test=fold2")).toEqual({ classes: pets, images: [8, 0, 8] })
    const domains = [...of("amazon/images", pets, 2), ...of("webcam/images", pets, 2)]
    expect(splits(domains).notices).toHaveLength(1)
  })

  it("nothing is said of outer folders that differ inside, that have one folder each, or images of their own", () => {
    for (const paths of [
      [...of("cat", ["2019", "2020"], 2), ...of("dog", ["2020", "2021"], 2)],
      [...of("cat", ["2020"], 2), ...of("dog", ["2020"], 2)],
      [...of("cat", ["a", "b"], 2), ...of("dog", ["a", "b"], 2), "dog/1.png"]
    ]) {
      expect(splits(paths)).toMatchObject({ classes: pets, notices: [] })
    }
  })

  it("a folder called train without another split is only a wrapper", () => {
    expect(splits(["train/a/1.png", "train/b/1.png"]).classes).toEqual(["a", "b"])
    expect(splits(["README.md", "train/a/1.png", "train/b/1.png"]).classes).toEqual(["a", "b"])
  })

  it("a class may be called as a split where others are not, and several may where the user says so", () => {
    expect(counted(of("", ["bus", "car", "train"], 5))).toEqual({
      classes: ["bus", "car", "train"],
      images: [12, 0, 3]
    })
    expect(counted(of("", ["crash test", "stress test"], 5)).classes).toEqual(["crash test", "stress test"])
    const paths = of("", ["train", "test"], 5)
    expect(refused(paths)).toMatch(
      /^pets has 5 images, such as train\/0\.png, in no class folder; .*if these folders are the classes, say --splits none\.$/
    )
    expect(counted(paths, 0.2, "none")).toEqual({ classes: ["test", "train"], images: [8, 0, 2] })
  })

  it("classes are sorted before names are: a-b comes after a", () => {
    expect(splits(["a-b/1.png", "a/2.png", "a/1.png"]).train).toEqual(["a/1.png", "a/2.png", "a-b/1.png"])
  })

  it("the fraction asked for is tested on, of every class, wherever the folder lies", () => {
    const paths = Array.from({ length: 1_000 }, (_, index) => `${index % 4 === 0 ? "cat" : "dog"}/${index}.jpg`)
    const { test, train } = splits(paths, 0.2)
    expect(test.filter((at) => at.startsWith("cat/"))).toHaveLength(50)
    expect(test.filter((at) => at.startsWith("dog/"))).toHaveLength(150)
    expect(train).toHaveLength(800)
    const wrapped = paths.map((at) => `wrapped/${at}`)
    expect(splits(wrapped, 0.2).test).toEqual(test.map((at) => `wrapped/${at}`))
  })

  it("a class's only image is trained on; where all have one, there is nothing to test on", () => {
    const { train, test } = splits(["cat/1.jpg", "dog/1.jpg", "dog/2.jpg"], 0.9)
    expect(train.map((at) => at.slice(0, 4))).toEqual(["cat/", "dog/"])
    expect(test).toHaveLength(1)
    expect(refused(["cat/1.jpg", "dog/1.jpg"], 0.9)).toMatch(
      /^pets has one image of each class \(cat, dog\); expected a class with two or more: .*\. Add images\.$/
    )
  })

  it("no images, one class, and images outside of classes are refused", () => {
    expect(refused([])).toMatch(/^pets holds no images; expected train\/CLASS.*\. Give the folder/)
    expect(refused(["README.md"])).toContain("holds no images")
    expect(refused(["cat/1.jpg", "cat/2.jpg"])).toMatch(/has only the class cat; expected two or more/)
    expect(refused(["cat/1.jpg", "dog/1.jpg", "stray.jpg"])).toMatch(/has the image stray\.jpg in no class folder; /)
    expect(refused(["train/a/1.jpg", "train/b/1.jpg", "test/1.jpg"])).toMatch(
      /the image test\/1\.jpg in no class folder; .* leave test\/ out: --splits train=train\.$/
    )
  })

  it.each(["jpg", "jfif", "JPE", "heic", "bmp", "tif", "jp2", "svg"])(
    "a stray .%s is refused, with how many",
    (ending) => {
      const strays = Array.from({ length: 8 }, (_, at) => `train/${at}.${ending}`)
      expect(refused([...of("train", pets, 12), ...of("test", pets, 5), ...strays])).toContain(
        `has 8 images, such as train/0.${ending}, in no class folder`
      )
    }
  )

  it("a class may be missing in test, which is told, but not in train", () => {
    expect(splits(["train/a/1.jpg", "train/b/1.jpg", "test/a/1.jpg"]).notices).toEqual([
      "1 class has no image to test on (b)."
    ])
    const names = ["a", "b", "c", "d", "e", "f", "g"]
    expect(splits([...of("train", names, 2), "test/a/1.jpg", "val/b/1.jpg"]).notices).toEqual([
      "6 classes have no image to choose the best epoch on (a, c, d, e, …).",
      "6 classes have no image to test on (b, c, d, e, …)."
    ])
    expect(splits(["a/1.jpg", "b/1.jpg", "b/2.jpg"], 0.2).notices).toEqual(["1 class has no image to test on (a)."])
    const message = refused(["train/a/1.jpg", "train/b/1.jpg", "test/c/1.jpg"])
    expect(message).toMatch(/has no training image of the class c; expected .* Add train\/c\/\./)
  })
})

describe("folders of splits", () => {
  const names = [
    ["train", "test"],
    ["Train", "Test"],
    ["TRAIN", "TEST"],
    ["Training", "Testing"],
    ["train", "valid"],
    ["train", "dev"],
    ["training", "validation"],
    ["train", "eval"],
    ["train", "holdout"],
    ["train", "hold-out"],
    ["training_set", "test_set"],
    ["trainset", "testset"],
    ["train2017", "val2017"],
    ["TrainImages", "TestImages"],
    ["asl_alphabet_train", "asl_alphabet_test"],
    ["seg_train/seg_train", "seg_test/seg_test"],
    ["trn", "tst"],
    ["train/images", "test/images"]
  ] as const
  it.each(names)("%s and %s are splits, with anything around and beside them", (train, test) => {
    const paths = [...of(train, pets, 12), ...of(test, pets, 5)]
    for (const around of [(at: string) => at, (at: string) => `pets/${at}`]) {
      const found = [...paths.map(around), "LICENSE", around("annotations/a.txt")]
      expect(counted(found)).toEqual({ classes: pets, images: [24, 0, 10] })
    }
  })

  it.each(["val", "valid", "Validation", "dev", "eval", "holdout"])(
    "%s beside train and test is the validation set, whatever sorts before it",
    (name) => {
      const paths = [...of("train", pets, 12), ...of("test", pets, 5), ...of(name, pets, 6), "annotations/a.txt"]
      const found = splits(paths)
      expect([found.train.length, found.test.length]).toEqual([24, 10])
      expect(found.validation).toEqual(of(name, pets, 6))
      expect(found.notices).toEqual([
        "1 other file is passed over (annotations/a.txt): classes are the names of folders."
      ])
    }
  )

  it("without a test folder, val is tested on, and the notice says what would choose the epoch on it", () => {
    const paths = [...of("train", pets, 10), ...of("val", pets, 3)]
    const found = splits(paths, 0.2)
    expect([found.train.length, found.validation.length, found.test.length]).toEqual([20, 0, 6])
    expect(found.notices).toHaveLength(1)
    const [notice = ""] = found.notices
    expect(notice).toContain("val/ is tested on")
    const [, choice = ""] = notice.match(/--splits (\S+)\.$/) ?? []
    expect(choice).toBe("train=train,val=val")
    expect(counted(paths, 0.2, choice).images).toEqual([16, 6, 4])
  })

  it("splits inside of the class folders are splits, and a class that has only some images in them is refused", () => {
    const inner = ["cat", "dog"].flatMap((name) => [...of(name, ["train"], 12), ...of(name, ["test"], 5)])
    expect(counted(inner)).toEqual({ classes: pets, images: [24, 0, 10] })
    expect(refused([...inner, "cat/loose.png"])).toMatch(
      /has folders train\/ and test\/ inside of class folders, but also cat\/loose\.png; .*--splits none\.$/
    )
    expect(counted([...inner, "cat/loose.png"], 0.2, "none").classes).toEqual(pets)
  })

  it.each([
    [[...of("val", pets, 2), ...of("test", pets, 2)], "has val/ and test/, which look like splits"],
    [[...of("train", pets, 2), ...of("photos", pets, 2)], "has train/, which looks like a split"],
    [[...of("train_80", pets, 2), ...of("test_20", pets, 2)], "has train_80/ and test_20/, which look like splits"],
    [[...of("train2014", pets, 2), ...of("val2017", pets, 2)], "has train2014/ and val2017/, which look like splits"],
    [
      [...of("training_data", pets, 2), ...of("test_images", pets, 2)],
      "has training_data/ and test_images/, which look like splits"
    ],
    [[...of("train", pets, 2), ...of("test_images", pets, 2)], "has train/ and test_images/, which look like splits"],
    [
      [...of("train", pets, 2), ...of("val", pets, 2), ...of("valid", pets, 2)],
      "has val/ and valid/, which both say validation"
    ],
    [
      ["a_train", "a_test", "b_train", "b_test"].flatMap((name) => of(name, pets, 2)),
      "has two sets of splits, a_train/ and a_test/ and b_train/ and b_test/"
    ]
  ])("names that leave it open are refused with what was seen and the option that says it: %#", (paths, what) => {
    expect(refused(paths)).toMatch(
      /^pets .*; expected .* --splits train=FOLDER,val=FOLDER,test=FOLDER, or --splits none/
    )
    expect(refused(paths)).toContain(what)
  })

  it("images without a known ending lie in splits as others do, beside classes and inside of them", () => {
    for (const ending of ["img", "mpo", "jpg_large"]) {
      expect(counted([...of("train", pets, 4, ending), ...of("test", pets, 2, ending)])).toEqual({
        classes: pets,
        images: [8, 0, 4]
      })
      const inner = pets.flatMap((name) => [...of(name, ["train"], 3, ending), ...of(name, ["test"], 2, ending)])
      expect(counted(inner)).toEqual({ classes: pets, images: [6, 0, 4] })
      expect(refused(of("photos", ["train"], 2, ending).concat(of("train", pets, 2, ending)))).toContain("train/")
    }
    const plain = ["train/cat/0001", "train/dog/0001", "test/cat/0002", "test/dog/0002", "README"]
    expect(counted(plain)).toEqual({ classes: pets, images: [2, 0, 2] })
  })

  it("a split whose name has a decomposed letter has its images", () => {
    const splits = (form: "NFC" | "NFD") => ["train", "val", "test"].map((name) => `données_${name}`.normalize(form))
    for (const names of [splits("NFC"), splits("NFD"), [...splits("NFC").slice(0, 1), ...splits("NFD").slice(1)]])
      expect(counted(names.flatMap((name, at) => of(name, pets, 3 - at)))).toEqual({ classes: pets, images: [6, 4, 2] })
  })

  it("folders with splits in them that have folders again are refused: which are the classes, nobody can say", () => {
    const folds = ["fold_0", "fold_1"].flatMap((fold) => [
      ...of(`${fold}/train`, pets, 2),
      ...of(`${fold}/val`, pets, 1)
    ])
    expect(refused(folds)).toMatch(
      /has folders train\/ and val\/ inside of others such as fold_0\/, and in those again folders, cat, dog; .*fold_0\/, if/
    )
    expect(counted(folds, 0.2, "train=fold_0/train,test=fold_0/val")).toEqual({ classes: pets, images: [4, 0, 2] })
    const wrapped = pets.flatMap((name) => [`${name}/train/images/1.png`, `${name}/test/images/2.png`])
    expect(counted(wrapped)).toEqual({ classes: pets, images: [2, 0, 2] })
  })

  it("images with classes beside the splits are refused, images without one are left out with their count", () => {
    const paths = [...of("train", pets, 3), ...of("test", pets, 2)]
    const message = refused([...paths, ...of("extra", pets, 4)])
    expect(message).toMatch(
      /has 8 images in class folders of extra\/, beside the splits train\/, test\/; .*--splits train=train,test=test, or move extra\//
    )
    for (const folder of ["pred", "pred/pred"]) {
      const found = splits([...paths, `${folder}/1.png`, `${folder}/2.png`])
      expect(found.notices).toEqual(["2 images in pred/ have no class and are left out."])
      expect(found.train.length + found.test.length).toBe(10)
    }
    expect(splits([...paths, "preview.jpg"]).notices).toEqual([
      "1 image beside train/, test/ has no class and is left out."
    ])
  })
})

describe("folders that the user names", () => {
  const paths = [...of("a", pets, 3), ...of("b/c", pets, 2), ...of("d", pets, 1)]

  it("are the splits, joined where there are several, and what is in none of them is told", () => {
    const found = splits(paths, 0.2, "train=a,val=d,test=b/c")
    expect([found.train.length, found.validation.length, found.test.length]).toEqual([6, 2, 4])
    expect(found.notices).toEqual([])
    expect(splits(paths, 0.2, "train=a,train=d,test=b/c").train).toHaveLength(8)
    expect(splits(paths, 0.4, "train=a").notices).toEqual([
      "6 images outside of the folders that --splits names are left out."
    ])
    expect(counted(paths, 0.4, "train=a").images).toEqual([4, 0, 2])
  })

  it("are the user's where one lies in another: its images are in it alone", () => {
    const paths = [...of("images", pets, 3), ...of("images/test", pets, 2)]
    expect(refused(paths)).toContain("has test/, which looks like a split")
    expect(counted(paths, 0.2, "train=images,test=images/test")).toEqual({ classes: pets, images: [6, 0, 4] })
  })

  it("may be given from the dataset's root or from the folder that wraps everything", () => {
    const wrapped = paths.map((at) => `pets/${at}`)
    for (const choice of ["train=a,test=b/c", "train=pets/a,test=pets/b/c", "train=./a/,test=b/c/"])
      expect(counted(wrapped, 0.2, choice).images).toEqual([6, 0, 4])
  })

  it("are refused where one isn't there, with those that are", () => {
    expect(refused(paths, 0.2, "train=a,test=test")).toMatch(
      /has no folder test\/; .*There are a\/, b\/, d\/: name one/
    )
  })
})

describe("one class", () => {
  it("is the same in upper and lower case between splits, under its name in train; two where both are trained on", () => {
    expect(counted([...of("train", ["Cat", "dog"], 3), ...of("test", ["cat", "DOG"], 2)])).toEqual({
      classes: ["Cat", "dog"],
      images: [6, 0, 4]
    })
    expect(counted([...of("train", ["A", "a"], 3), ...of("test", ["A", "a"], 2)]).classes).toEqual(["A", "a"])
    expect(refused([...of("train", ["A", "a", "b"], 3), ...of("test", ["B", "b"], 2)])).toContain(
      "no training image of the class B"
    )
  })

  it("is the same however é is stored, between splits, within one, and in its order", () => {
    const [composed, decomposed] = ["café", "café"].map((name, at) => name.normalize(at === 0 ? "NFC" : "NFD"))
    const both = [composed, decomposed].map(String)
    expect(counted([...of("train", [both[0] ?? "", "thé"], 3), ...of("test", [both[1] ?? "", "thé"], 2)])).toEqual({
      classes: [composed, "thé"],
      images: [6, 0, 4]
    })
    expect(counted(of("", [...both, "thé"], 5)).classes).toEqual([composed, "thé"])
    // decomposed, é sorts before f; what a system stores must not change labels
    expect(counted(of("", ["caf\u0065\u0301", "cafz"], 5)).classes).toEqual(["cafz", "caf\u00e9"])
  })
})
