/** Lists of names, written as text. */
export const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '')
