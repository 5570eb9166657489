/** `path` as seen from the folder that `file` lies in; an absolute path stays as it is. Text alone: nothing is opened. */
export function joinToFolderOf(file: string, path: string): string {
  if (path.startsWith('/')) return path;
  const slash = file.lastIndexOf('/');
  return slash < 0 ? path : `${file.slice(0, slash + 1)}${path}`;
}
