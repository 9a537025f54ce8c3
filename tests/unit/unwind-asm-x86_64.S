/* SPDX-License-Identifier: MIT */
/* Functions without unwind data. Each calls its first argument with its second. */

	.text

/* With a frame pointer. */
	.globl	asm_with_pointer
	.type	asm_with_pointer, @function
asm_with_pointer:
	push	%rbp
	mov	%rsp, %rbp
	sub	$48, %rsp
	mov	%rdi, %rax
	mov	%rsi, %rdi
	call	*%rax
	leave
	ret
	.globl	asm_with_pointer_end
asm_with_pointer_end:
	.size	asm_with_pointer, . - asm_with_pointer

/* The frame pointer register holds the third argument instead. */
	.globl	asm_without_pointer
	.type	asm_without_pointer, @function
asm_without_pointer:
	push	%rbp
	mov	%rdx, %rbp
	sub	$16, %rsp
	mov	%rdi, %rax
	mov	%rsi, %rdi
	call	*%rax
	add	$16, %rsp
	pop	%rbp
	ret
	.globl	asm_without_pointer_end
asm_without_pointer_end:
	.size	asm_without_pointer, . - asm_without_pointer

	.section .note.GNU-stack, "", @progbits
