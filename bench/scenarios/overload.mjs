export const contenders = [];
export async function measure() {
  throw new Error('soon');
}
