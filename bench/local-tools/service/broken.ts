throw new Error('broken on purpose')

export const handler = async () => 'never'
