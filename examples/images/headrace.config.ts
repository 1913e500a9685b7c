import { Project } from "headrace"
import { images } from "headrace-images"

export default Project.make(images)
