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

/* Hands its arguments on to the third, with a frame pointer, but jumps instead of calling. */
	.globl	asm_jumping
	.type	asm_jumping, @function
asm_jumping:
	push	%rbp
	mov	%rsp, %rbp
	lea	0f(%rip), %rax
	push	%rax
	jmp	*%rdx
	.skip	8, 0x90
0:	leave
	ret
	.globl	asm_jumping_end
asm_jumping_end:
	.size	asm_jumping, . - asm_jumping

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

/* Jumps to it with a return address of 0: it must not return. */
	.globl	asm_without_return
	.type	asm_without_return, @function
asm_without_return:
	mov	%rdi, %rax
	mov	%rsi, %rdi
	sub	$8, %rsp /* the stack stays aligned as the callee expects it */
	push	$0
	jmp	*%rax
	.size	asm_without_return, . - asm_without_return

	.section .note.GNU-stack, "", @progbits
