export { default } from '../../../handlers/osls/invoke-local.ts'
