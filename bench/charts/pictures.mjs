export function pictures() {
  return [];
}
